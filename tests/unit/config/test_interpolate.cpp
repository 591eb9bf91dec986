// ${…}, form by form.
#include "config/interpolate.hpp"
#include "fixture.hpp"
#include "support/temp_dir.hpp"

#include <cstdlib>

using namespace snapshotter;
using namespace snapshotter::test;
using settings::Node;

namespace {

Node scalar(std::string text, bool quoted = false) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.where = {"f", 3, 7};
  node.scalar = std::move(text);
  node.quoted = quoted;
  return node;
}

struct Result {
  Node node;
  std::string problems;
  std::size_t unresolved = 0;
};
Result expand(const std::string& text, const config::Environment& environment,
              bool quoted = false) {
  settings::Problems problems;
  Result result{scalar(text, quoted), {}, 0};
  result.unresolved = config::interpolate(result.node, environment, problems).size();
  result.problems = problems.to_string();
  return result;
}

}  // namespace

TEST_CASE("every form that names a value is replaced by it") {
  const TempDir dir;
  write_file(dir.path() / "pw", "hunter2\n");
  write_file(dir.path() / "two", "a\nb\n\n");
  write_file(dir.path() / "bare", "no newline");
  write_file(dir.path() / "empty", "");
  const auto environment = environment_of(
      {{"A", "alpha"}, {"_b1", "beta"}, {"EMPTY", ""}, {"NASTY", "x: ${A} $$ {\n- 1"}},
      dir.string());
  struct Row {
    std::string text;
    std::string value;
    bool from_outside;
  };
  const std::string file = "${file:" + dir.string() + "/";
  const std::vector<Row> rows{
      {"plain", "plain", false},
      {"", "", false},
      {"${A}", "alpha", true},
      {"<${A}|${_b1}>", "<alpha|beta>", true},
      {"${EMPTY}", "", true},
      {"${A:-no}", "alpha", true},
      {"${NOT:-yes}", "yes", false},
      {"${EMPTY:-yes}", "yes", false},
      {"${NOT:-}", "", false},
      {"${NOT:-a:-b $ c}", "a:-b $ c", false},
      {"${NOT:-x}${A}", "xalpha", true},
      {"$$", "$", false},
      {"$$${A}$$", "$alpha$", true},
      {"$${A}", "${A}", false},
      {"cost: 5$$", "cost: 5$", false},
      {file + "pw}", "hunter2", true},
      {file + "two}", "a\nb\n", true},
      {file + "bare}", "no newline", true},
      {file + "empty}", "", true},
      {"${credential:pw}", "hunter2", true},
      // What was put in is not looked at again.
      {"${NASTY}", "x: ${A} $$ {\n- 1", true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result result = expand(row.text, environment);
    CHECK(result.problems == "");
    CHECK(result.node.scalar == row.value);
    CHECK(result.node.interpolated == row.from_outside);
    CHECK(result.unresolved == 0);
  }
}

TEST_CASE("what names no value is a problem that says how to write it") {
  const TempDir dir;
  std::filesystem::create_directory(dir.path() / "folder");
  write_file(dir.path() / "large", std::string(config::kLargestValue + 1, 'x'));
  write_file(dir.path() / "fits", std::string(config::kLargestValue, 'x'));
  const auto environment = environment_of({{"A", "alpha"}}, dir.string());
  const std::string forms =
      "what stands in ${…} must be NAME, NAME:-default, file:/path or credential:name; write $$ "
      "for "
      "a dollar";
  const std::string lone =
      "a lone '$' stands here; write $$ for a dollar, or ${NAME} for a variable";
  struct Row {
    std::string text;
    std::string problem;
  };
  const std::vector<Row> rows{
      {"${NOT}",
       "the environment has no NOT; set it for the service (Environment= or EnvironmentFile=), or "
       "write ${NOT:-value} for a default"},
      {"pa$word", lone},
      {"$", lone},
      {"$A", lone},
      {"$$$", lone},
      {"${A", "a '${' is not closed by a '}'"},
      {"${", "a '${' is not closed by a '}'"},
      {"${}", forms},
      {"${A B}", forms},
      {"${1A}", forms},
      {"${A-x}", forms},
      {"${ A }", forms},
      {"${FILE:x}", forms},
      {"${:-x}", forms},
      {"${NOT:-${A}}", "a ${…} can't stand inside another"},
      {"${file:relative}", "${file:…} takes an absolute path"},
      {"${file:}", "${file:…} takes an absolute path"},
      {"${file:" + dir.string() + "/none}",
       "cannot read file '" + dir.string() + "/none': No such file or directory"},
      {"${file:" + dir.string() + "/folder}",
       "cannot read file '" + dir.string() + "/folder': it is a directory (name the file in it)"},
      {"${file:/dev/null}", "cannot read file '/dev/null': it is not a regular file"},
      {"${file:" + dir.string() + "/large}",
       "cannot read file '" + dir.string() + "/large': it is larger than 1 MiB"},
      {"${credential:../pw}", "${credential:…} takes the name of a credential, which has no '/'"},
      {"${credential:}", "${credential:…} takes the name of a credential, which has no '/'"},
      {"${credential:..}", "${credential:…} takes the name of a credential, which has no '/'"},
      {"${credential:none}",
       "cannot read file '" + dir.string() + "/none': No such file or directory"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Result result = expand(row.text, environment);
    CHECK(result.problems == "f:3:7: " + row.problem + "\n");
    CHECK(result.node.scalar == "");
    CHECK(result.unresolved == 1);
  }
  CHECK(expand("${file:" + dir.string() + "/fits}", environment).problems == "");
  CHECK(expand("${credential:pw}", environment_of({})).problems ==
        "f:3:7: there are no credentials: the service was started without LoadCredential=\n");
}

TEST_CASE("a stray dollar in a password does not show the password") {
  for (const std::string text : {"hunter$two", "hunter${two", "hunter${t w o}", "${a-hunter}"}) {
    CHECK_THAT(expand(text, environment_of({})).problems, !ContainsText("hunter"));
    CHECK_THAT(expand(text, environment_of({})).problems, !ContainsText("two"));
  }
}

TEST_CASE("quotes around a reference do not make its value text") {
  const auto environment = environment_of({{"N", "4"}});
  CHECK_FALSE(expand("${N}", environment, true).node.quoted);
  CHECK_FALSE(expand("${M:-4}", environment, true).node.quoted);
  CHECK(expand("4", environment, true).node.quoted);
  CHECK(expand("$$4", environment, true).node.quoted);
  CHECK(expand("$${N}", environment, true).node.quoted);
}

TEST_CASE("values are replaced at any depth and keys are not") {
  const auto environment = environment_of({{"A", "x: 1\ny: [2]"}, {"P", "/etc"}});
  const auto config = parse_good(R"(
stores: {local: {type: directory, path: "${S:-/srv}"}}
targets:
  files: {type: filesystem, paths: ["${P}", "/opt"], exclude: ["${A}"]}
jobs:
  j: {targets: [files], retention: {days: "${DAYS:-30}"}}
)",
                                 environment);
  CHECK(config.targets.at("files").target->describe() == "/etc /opt -x: 1\ny: [2] all");
  CHECK(config.jobs.at("j").retention.days == 30);
  CHECK(problems_of("${A}: 1\n", environment) ==
        std::vector<std::string>{"1:1: the configuration: unknown key '${A}'"});
}

TEST_CASE("the process's own environment is what a daemon is given") {
  ::setenv("SNAPSHOTTER_TEST_VARIABLE", "value", 1);
  ::setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x", 1);
  const config::Environment environment = config::process_environment();
  CHECK(environment.variable("SNAPSHOTTER_TEST_VARIABLE") == "value");
  CHECK(environment.credentials_directory == "/run/credentials/x");
  ::unsetenv("SNAPSHOTTER_TEST_VARIABLE");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  CHECK(environment.variable("SNAPSHOTTER_TEST_VARIABLE") == std::nullopt);
  CHECK(config::process_environment().credentials_directory == "");
}

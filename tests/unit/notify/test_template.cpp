#include "notify/event_document.hpp"
#include "notify/template.hpp"
#include "support/catch.hpp"

#include <boost/json.hpp>

using namespace snapshotter;
using notify::Escaping;
using notify::EventKind;
using notify::Template;
using test::ContainsText;

namespace {

std::vector<Template::Problem> problems_of(const std::string& text) {
  std::vector<Template::Problem> problems;
  const Template unused(text, Escaping::json, problems);
  return problems;
}

std::string render(const std::string& text, const std::string& document, Escaping escaping) {
  std::vector<Template::Problem> problems;
  const Template parsed(text, escaping, problems);
  for (const auto& problem : problems) FAIL(problem.place << " " << problem.why);
  return parsed.render(document);
}

std::string rendered(const std::string& text, const std::string& document) {
  return render(text, document, Escaping::json);
}

std::string text_of(const boost::json::value& value) { return std::string(value.as_string()); }

std::string sample(EventKind kind = EventKind::failed) {
  return notify::make_event(notify::sample_event(kind)).document;
}

std::string with_message(const std::string& message) {
  return boost::json::serialize(boost::json::object{{"message", message}});
}

}  // namespace

TEST_CASE("a template without places is itself") {
  for (const auto* text : {"", "text", "{}", "}}", "}}}", "{ {job} }", R"({"a": {"b": {}}})"}) {
    CHECK(rendered(text, sample()) == text);
  }
}

TEST_CASE("places take values by their paths") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"{{job}}", "nightly"},
      {"{{ job }}", "nightly"},
      {"{{\tjob\n}}", "nightly"},
      {"<{{job}}|{{host}}>", "<nightly|db1>"},
      {"{{job}}{{host}}", "nightlydb1"},
      {"{{version}}", "1"},
      {"{{run.state}}", "failed"},
      {"{{run.duration}}", "119"},
      {"{{run.bytes_source}}", "25165824"},
      {"{{run.results.0.target}}", "configs"},
      {"{{run.results.1.target}}", "app-db"},
      {"{{run.results.2.target}}", ""},
      {"{{run.results.9999.target}}", ""},
      {"{{missed.why}}", ""},
      {"{{run.results.0.error}}", ""},
      {"{{{job}}}", "\"nightly\""},
      {"{{{ run.state }}}", "\"failed\""},
      {"{{{missed}}}", "null"},
      {"{{{missed.why}}}", "null"},
      {"{{{run.results.7}}}", "null"},
      {"{{{run.bytes_source}}}", "25165824"},
      {"{{{warnings}}}", "[]"},
      {"{{{run.results.0.reasons}}}", "[]"},
      {"{{warnings}}", "[]"},
      {"{{{{job}}}", "{\"nightly\""},
      {"{{job}}}", "nightly}"},
  };
  for (const auto& [text, expected] : table) {
    INFO(text);
    CHECK(rendered(text, sample()) == expected);
  }
}

TEST_CASE("fractions are written as people do") {
  CHECK(rendered("{{run.duration}}", R"({"run":{"duration":0.25}})") == "0.25");
  CHECK(rendered("{{run.duration}}", R"({"run":{"duration":86400.5}})") == "86400.5");
}

TEST_CASE("braces around a place belong to the JSON around it") {
  const std::string text = R"({"a":{"run":{{{run.results.0.reasons}}},"b":{"c":{{{job}}}}}})";
  const auto value = boost::json::parse(rendered(text, sample()));
  CHECK(text_of(value.at("a").at("b").at("c")) == "nightly");
  CHECK(value.at("a").at("run").as_array().empty());
}

TEST_CASE("hostile values stay inside their JSON strings") {
  for (const std::string& hostile :
       {std::string(R"(", "admin": true, "x": ")"), std::string("a\\"), std::string("\n\r\t\b"),
        std::string("\x01\x1f\x7f"), std::string("{{job}}"), std::string("{{{run}}}"),
        std::string("€ \xf0\x9f\x92\xa5"), std::string("\0x", 2), std::string("</script>"),
        std::string("${HOME} $$ %s")}) {
    const std::string text = rendered(R"({"text": "[{{message}}]"})", with_message(hostile));
    const auto value = boost::json::parse(text);
    CHECK(value.as_object().size() == 1);
    CHECK(text_of(value.at("text")) == "[" + hostile + "]");
    CHECK(text_of(boost::json::parse(rendered("[{{{message}}}]", with_message(hostile))).at(0)) ==
          hostile);
  }
}

TEST_CASE("an object between quotes is JSON inside a string") {
  const std::string text = rendered(R"({"text": "{{run.results}}"})", sample());
  const auto inner = boost::json::parse(boost::json::parse(text).at("text").as_string());
  CHECK(text_of(inner.at(1).at("target")) == "app-db");
}

TEST_CASE("forms have their values percent-encoded") {
  const std::string document = with_message("a b&c=\"d\"\n100%+\xe2\x82\xac");
  CHECK(render("text={{message}}&x=1", document, Escaping::form) ==
        "text=a%20b%26c%3D%22d%22%0A100%25%2B%E2%82%AC&x=1");
  CHECK(render("p={{{message}}}", with_message("a&b"), Escaping::form) == "p=%22a%26b%22");
}

TEST_CASE("plain text loses its control characters and nothing else") {
  CHECK(render("{{message}}", with_message("a\n\"b\"\x1b[31m\\ & <\x7f>€"), Escaping::plain) ==
        "a\"b\"[31m\\ & <>€");
}

TEST_CASE("a document that is none gives nothing") {
  for (const auto* document : {"", "null", "[]", "{", "7"}) {
    INFO(document);
    CHECK(rendered(R"(<{{job}}|{{{run.state}}}>)", document) == "<|null>");
  }
}

TEST_CASE("unknown paths are mistakes, with what was meant") {
  struct Row {
    const char* text;
    const char* why;
  };
  for (const Row& row :
       {Row{"{{jub}}", "is no value of an event, did you mean 'job'?"},
        Row{"{{run.stat}}", "did you mean 'run.state'?"},
        Row{"{{run.results.0.tagret}}", "did you mean 'run.results.0.target'?"},
        Row{"{{run.xyzzy}}", "'run' has id, kind, trigger"},
        Row{"{{xyzzy}}", "an event has version, id, event"}, Row{"{{}}", "an event has version"},
        Row{"{{.job}}", "an event has version"}, Row{"{{job.}}", "'job' has no parts"},
        Row{"{{job.name}}", "'job' has no parts"},
        Row{"{{run.results.target}}",
            "'run.results' is a list, whose elements are 'run.results.0'"},
        Row{"{{run.results.-1}}", "is a list"}, Row{"{{run.results.10000}}", "is a list"},
        Row{"{{Job}}", "did you mean 'job'?"}, Row{"{{#if job}}", "is no value"},
        Row{"{{{pruned.0.bakup}}}", "did you mean 'pruned.0.backup'?"}}) {
    const auto problems = problems_of(row.text);
    INFO(row.text);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].place == row.text);
    CHECK_THAT(problems[0].why, ContainsText(row.why));
  }
}

TEST_CASE("every mistake is reported once, by its number") {
  const auto problems = problems_of("{{job}} {{a1}} {{host}} {{{b2}}} {{c3");
  REQUIRE(problems.size() == 3);
  CHECK(problems[0].number == 2);
  CHECK(problems[0].place == "{{a1}}");
  CHECK(problems[1].number == 4);
  CHECK(problems[1].place == "{{{b2}}}");
  CHECK(problems[2].number == 5);
  CHECK_THAT(problems[2].why, ContainsText("not closed"));
}

TEST_CASE("a place that is not closed is a mistake") {
  for (const auto* text : {"{{", "{{{", "{{job", "{{job}", "{{{job}}", "{{job {{host}}", "{{{{{"}) {
    INFO(text);
    REQUIRE_FALSE(problems_of(text).empty());
    CHECK_THAT(problems_of(text)[0].why, ContainsText("is not closed"));
  }
  CHECK(problems_of("{{job {{host}}").size() == 1);
  CHECK(problems_of("{{" + std::string(1000, 'x'))[0].place.size() == 40);
}

TEST_CASE("every path that some event has is known") {
  // Walks each sample, so that a key that is added to the document is known to templates at once.
  const std::function<void(const boost::json::value&, const std::string&)> walk =
      [&](const boost::json::value& value, const std::string& path) {
        if (!path.empty()) {
          INFO(path);
          CHECK(problems_of("{{" + path + "}}").empty());
        }
        const std::string prefix = path.empty() ? "" : path + ".";
        if (const auto* object = value.if_object()) {
          for (const auto& [key, part] : *object) walk(part, prefix + std::string(key));
        } else if (const auto* list = value.if_array()) {
          for (std::size_t i = 0; i < list->size(); ++i)
            walk((*list)[i], prefix + std::to_string(i));
        }
      };
  for (int kind = 0; kind <= static_cast<int>(EventKind::test); ++kind) {
    walk(boost::json::parse(sample(static_cast<EventKind>(kind))), "");
  }
}

#include "backups.hpp"
#include "base/error.hpp"
#include "store/manifest.hpp"
#include "support/catch.hpp"

#include <boost/json.hpp>

#include <limits>

namespace snapshotter::store {

using test::ContainsText;
namespace {

Manifest example() {
  const BackupKey key{"nightly", "configs", test::kStamp};
  Manifest manifest =
      test::manifest_for(key, "configs-" + test::kStamp + ".tar.gz", test::content(10));
  manifest.state = "partial";
  manifest.reasons = {"1 file could not be read", "much smaller than the last one"};
  manifest.warnings = {{"/etc/sh\\xff", "Permission denied"}};
  manifest.warning_count = 5;
  manifest.source = R"({"paths":["/etc"],"files":3,"empty":{},"none":[],"nothing":null})";
  return manifest;
}

Manifest reread(const Manifest& manifest) {
  return Manifest::from_json(manifest.to_json(), "m.json");
}

// The example with one key set to a value, or without it.
std::string changed(const std::string& key, const std::string& value) {
  auto document = boost::json::parse(example().to_json()).as_object();
  if (value.empty()) {
    document.erase(key);
  } else {
    document[key] = boost::json::parse(value);
  }
  return boost::json::serialize(document);
}

StoreError error_of(const std::string& json) {
  try {
    (void)Manifest::from_json(json, "/srv/m.json");
  } catch (const StoreError& error) {
    CHECK(error.subject() == "/srv/m.json");
    CHECK_FALSE(error.advice().empty());
    return error;
  }
  FAIL("taken: " << json);
  throw std::logic_error("not reached");
}

}  // namespace

TEST_CASE("a manifest is read back as it was written") {
  CHECK(reread(example()) == example());
  Manifest large = example();
  large.bytes_source = std::numeric_limits<std::uint64_t>::max();
  large.entries = std::uint64_t{1} << 63U;
  CHECK(reread(large) == large);
}

TEST_CASE("a manifest is one key a line for people") {
  const std::string json = example().to_json();
  CHECK_THAT(json, ContainsText("{\n  \"format_version\": 1,\n"));
  for (const auto* line : {
           "\n  \"job\": \"nightly\",\n",
           "\n  \"target\": \"configs\",\n",
           "\n  \"stamp\": \"20261124T020000Z\",\n",
           "\n  \"started_at\": \"2026-11-24T02:00:00.250000Z\",\n",
           "\n  \"finished_at\": \"2026-11-24T02:00:04Z\",\n",
           "\n  \"archive\": \"configs-20261124T020000Z.tar.gz\",\n",
           "\n  \"verified_at\": \"2026-11-24T02:00:05Z\",\n",
           "\n  \"reasons\": [\n    \"1 file could not be read\",\n",
           "\n      \"path\": \"/etc/sh\\\\xff\",\n",
           "\n    \"empty\": {},\n",
           "\n    \"none\": [],\n",
           "\n    \"nothing\": null\n",
       }) {
    CHECK_THAT(json, ContainsText(line));
  }
  CHECK(json.substr(json.size() - 2) == "}\n");
}

TEST_CASE("only so many warnings are listed but all are counted") {
  Manifest manifest = example();
  manifest.warnings.assign(Manifest::kMaxWarnings + 10, {"/a", "changed"});
  manifest.warning_count = 0;
  const Manifest read = reread(manifest);
  CHECK(read.warnings.size() == Manifest::kMaxWarnings);
  CHECK(read.warning_count == Manifest::kMaxWarnings + 10);
}

TEST_CASE("no oddity of a description makes a manifest unreadable") {
  Manifest manifest = example();
  manifest.host = "h\xff";
  manifest.reasons = {"\xc3"};
  manifest.warnings = {{"/a\xfe", "line\nbreak \"quoted\" \x01"}};
  SECTION("a source that is no JSON") { manifest.source = "version 17 \xff"; }
  SECTION("a source that is no object") { manifest.source = "[1, 2]"; }
  SECTION("a source that is nothing") { manifest.source = ""; }
  SECTION("a source of bytes that are not UTF-8") { manifest.source = "{\"a\": \"\xff\"}"; }
  SECTION("a source that is nested deeply") {
    manifest.source = "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}";
  }
  const Manifest read = reread(manifest);
  CHECK(read.host == "h\\xff");
  CHECK(read.reasons == std::vector<std::string>{"\\xc3"});
  CHECK(read.warnings.at(0).path == "/a\\xfe");
  CHECK(read.warnings.at(0).what == "line\nbreak \"quoted\" \x01");
  CHECK_THAT(read.source, ContainsText("{\"text\":"));
}

TEST_CASE("a source may be nested as deeply as the limit says") {
  Manifest manifest = example();
  manifest.source = "{\"a\":" + std::string(15, '[') + std::string(15, ']') + "}";
  CHECK(reread(manifest).source == manifest.source);
}

TEST_CASE("unknown keys are skipped and optional ones may be absent") {
  CHECK(Manifest::from_json(changed("colour", "{\"a\": [1.5, true]}"), "m") == example());
  for (const auto* key :
       {"snapshotter_version", "target_type", "run", "host", "level", "bytes_source", "bytes_tar",
        "entries", "reasons", "warnings", "warning_count", "source"}) {
    CAPTURE(key);
    const Manifest absent = Manifest::from_json(changed(key, ""), "m");
    CHECK(absent.key == example().key);
    CHECK(absent != example());
    CHECK(Manifest::from_json(changed(key, "null"), "m") == absent);
  }
}

TEST_CASE("a required key that is missing is named") {
  for (const auto* key : {"format_version", "job", "target", "stamp", "started_at", "finished_at",
                          "archive", "format", "bytes_stored", "sha256", "verified_at", "state"}) {
    CAPTURE(key);
    CHECK(error_of(changed(key, "")).why() == "'" + std::string(key) + "' is missing");
    CHECK_THAT(error_of(changed(key, "null")).why(), ContainsText(key));
    CHECK_THAT(error_of(changed(key, "[]")).why(), ContainsText(key));
  }
}

TEST_CASE("a value that does not fit is named") {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"job", "\"../x\""},           {"target", "\"\""},
      {"stamp", "\"today\""},        {"started_at", "\"yesterday\""},
      {"bytes_stored", "-1"},        {"bytes_stored", "1.5"},
      {"bytes_stored", "\"1\""},     {"bytes_source", "1e3"},
      {"entries", "1e30"},           {"sha256", "\"abc\""},
      {"reasons", "\"one\""},        {"reasons", "[1]"},
      {"warnings", "[\"a\"]"},       {"warnings", "{}"},
      {"source", "\"text\""},        {"format_version", "0"},
      {"verified_at", "1764000000"}, {"sha256", "\"" + std::string(64, 'A') + "\""},
  };
  for (const auto& [key, value] : wrong) {
    CAPTURE(key, value);
    CHECK_THAT(error_of(changed(key, value)).why(), ContainsText("'" + key + "'"));
  }
  CHECK_THAT(error_of(changed("warnings", "[{\"path\": 1}]")).why(), ContainsText("'path'"));
}

TEST_CASE("a manifest of a newer format is refused with advice") {
  const auto error = error_of(changed("format_version", "2"));
  CHECK_THAT(error.why(), ContainsText("version is 2"));
  CHECK_THAT(error.advice(), ContainsText("update"));
}

TEST_CASE("what is no JSON object is refused") {
  const std::string whole = example().to_json();
  CHECK_NOTHROW(Manifest::from_json(whole, "m"));
  for (const auto& json :
       {std::string(), std::string("null"), std::string("[]"), std::string(1000, '['),
        std::string(100, '\0'), whole.substr(0, whole.size() / 2), whole + "x"}) {
    CHECK_FALSE(error_of(json).why().empty());
  }
}

}  // namespace snapshotter::store

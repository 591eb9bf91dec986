#include "bus/wire.hpp"

#include "support/catch.hpp"

namespace snapshotter::bus {
namespace {

TEST_CASE("times are microseconds and none is zero", "[bus][wire]") {
  CHECK(micros(std::nullopt) == 0);
  CHECK(micros(from_unix_micros(1'795'485'600'000'001)) == 1'795'485'600'000'001U);
  CHECK(micros(from_unix_micros(-5)) == 0);
}

TEST_CASE("text that is UTF-8 goes as it is", "[bus][wire]") {
  for (const std::string text : {"", "plain", "line\nbreak\t\\", "Grüße, 日本 🎉", "\u0080\u07ff",
                                 "\u0800\ufffd", "\U00010000\U0010fffd"}) {
    CHECK(utf8(text) == text);
  }
}

TEST_CASE("what D-Bus refuses is replaced byte by byte", "[bus][wire]") {
  const std::string mark = "\uFFFD";
  CHECK(utf8("a\xff"
             "b") == "a" + mark + "b");
  CHECK(utf8("\xc3") == mark);             // cut short
  CHECK(utf8("\xc3\x28") == mark + "(");   // no continuation
  CHECK(utf8("\xc0\xaf") == mark + mark);  // '/' in more bytes than it needs
  CHECK(utf8("\xe0\x80\xaf") == mark + mark + mark);
  CHECK(utf8("\xed\xa0\x80") == mark + mark + mark);             // a surrogate
  CHECK(utf8("\xf4\x90\x80\x80") == mark + mark + mark + mark);  // beyond Unicode
  CHECK(utf8("\xf8\x88\x80\x80\x80") == mark + mark + mark + mark + mark);
  CHECK(utf8("\xef\xbf\xbf") == mark + mark + mark);             // U+FFFF
  CHECK(utf8("\xef\xb7\x90") == mark + mark + mark);             // U+FDD0
  CHECK(utf8("\xf0\x9f\xbf\xbe") == mark + mark + mark + mark);  // U+1FFFE
  CHECK(utf8(std::string("a\0b", 3)) == "a" + mark + "b");
  CHECK(utf8("good\xff\xff") == "good" + mark + mark);
}

TEST_CASE("a result says all that the interface promises", "[bus][wire]") {
  catalog::TargetResult result;
  result.target = "app-db";
  result.state = catalog::RunState::failed;
  result.error = "cannot read '\xff'";
  result.attempts = 3;
  result.started = from_unix_micros(7);
  result.bytes_source = 11;
  const auto dictionary = result_dictionary(result);
  CHECK(dictionary.size() == 11);
  CHECK(dictionary.at("target").get<std::string>() == "app-db");
  CHECK(dictionary.at("state").get<std::string>() == "failed");
  CHECK(dictionary.at("error").get<std::string>() == "cannot read '\uFFFD'");
  CHECK(dictionary.at("attempts").get<std::uint32_t>() == 3);
  CHECK(dictionary.at("started").get<std::uint64_t>() == 7);
  CHECK(dictionary.at("finished").get<std::uint64_t>() == 0);
  CHECK(dictionary.at("bytes_source").get<std::uint64_t>() == 11);
}

TEST_CASE("a run is over when it has its end", "[bus][wire]") {
  engine::Run run({}, nullptr);
  CHECK(state_of(run) == catalog::RunState::queued);
  run.record.state = catalog::RunState::succeeded;
  CHECK(state_of(run) == catalog::RunState::running);
  run.record.finished = from_unix_micros(1);
  CHECK(state_of(run) == catalog::RunState::succeeded);
}

TEST_CASE("a backup is verified while no verification has found it wrong", "[bus][wire]") {
  catalog::BackupRecord backup;
  CHECK_FALSE(std::get<6>(backup_row(backup)));
  backup.verified = from_unix_micros(1);
  CHECK(std::get<6>(backup_row(backup)));
  backup.verify_error = "sha256 differs";
  CHECK_FALSE(std::get<6>(backup_row(backup)));
}

TEST_CASE("a job that never started last ran when it was queued", "[bus][wire]") {
  engine::JobStatus job;
  CHECK(last_run_of(job) == 0);
  CHECK(last_state_of(job) == "");
  job.last_run.emplace();
  job.last_run->queued = from_unix_micros(5);
  job.last_run->state = catalog::RunState::cancelled;
  CHECK(last_run_of(job) == 5);
  CHECK(last_state_of(job) == "cancelled");
  job.last_run->started = from_unix_micros(6);
  CHECK(last_run_of(job) == 6);
}

}  // namespace
}  // namespace snapshotter::bus

#include "support/catch.hpp"
#include "target/command/output_check.hpp"

#include <string_view>

using snapshotter::target::command::OutputCheck;

namespace {

void add(OutputCheck& check, std::string_view text) { check.add(std::as_bytes(std::span(text))); }

bool complete(const std::string& trailer, std::string_view output) {
  OutputCheck whole(trailer), bytewise(trailer);
  add(whole, output);
  for (const char& byte : output) add(bytewise, {&byte, 1});
  CHECK(whole.bytes() == output.size());
  CHECK(bytewise.bytes() == output.size());
  CHECK(whole.complete() == bytewise.complete());
  return whole.complete();
}

}  // namespace

TEST_CASE("without a trailer every output is complete") {
  CHECK(complete("", ""));
  CHECK(complete("", "anything"));
  CHECK(complete(" \n", "anything"));
}

TEST_CASE("an output ends with its trailer, white space aside") {
  CHECK(complete("-- Dump completed", "insert …;\n-- Dump completed\n"));
  CHECK(complete("-- Dump completed\n", "-- Dump completed"));
  CHECK(complete("\n-- Dump completed", "-- Dump completed \r\n\n"));
  CHECK(complete("a\nb", "…a\nb\n"));
  CHECK_FALSE(complete("-- Dump completed", ""));
  CHECK_FALSE(complete("-- Dump completed", "-- Dump complete"));
  CHECK_FALSE(complete("-- Dump completed", "-- Dump completed\n."));
  CHECK_FALSE(complete("-- Dump completed", "-- Dump  completed"));
  CHECK(complete("end", "end" + std::string(4096, '\n')));
  CHECK_FALSE(complete("end", "end" + std::string(9000, '\n')));
}

TEST_CASE("a trailer is found at the end of much output") {
  OutputCheck check("the end");
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 100; ++i) add(check, piece);
  CHECK_FALSE(check.complete());
  add(check, "the ");
  add(check, "end");
  add(check, "\n");
  CHECK(check.complete());
  CHECK(check.bytes() == 10'000'008);
  add(check, piece + "the end");
  CHECK(check.complete());
}

// What looks at a dump of PostgreSQL on its way, in pieces as they come out of a pipe.
#include "samples.hpp"
#include "target/postgresql/dump_scanner.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <span>
#include <string>

namespace snapshotter::bench {
namespace {

using target::postgresql::DumpScanner;

constexpr std::size_t kDump = 8U << 20U;
constexpr std::size_t kPiece = 64U << 10U;

std::string copy_of(const std::string& rows) {
  return "COPY public.orders (id, customer, amount, placed, mail, price) FROM stdin;\n" +
         rows.substr(0, rows.rfind('\n') + 1) + "\\.\n\n";
}

std::string wide() { return copy_of(make(Content::rows, kDump)); }

std::string narrow() {
  std::string rows;
  while (rows.size() < kDump) rows += "7\n";
  return copy_of(rows);
}

std::string inserts() {
  std::string sql;
  while (sql.size() < kDump) {
    sql +=
        "INSERT INTO public.orders VALUES (4711, 'it''s a customer', '2026-11-24 03:00:00', "
        "12.50);\n";
  }
  return sql;
}

void scan(benchmark::State& state, std::string (*make_dump)()) {
  const std::string dump = make_dump();
  const auto bytes = std::as_bytes(std::span(dump));
  for (auto _ : state) {
    DumpScanner scanner;
    for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
      scanner.add(bytes.subspan(at, std::min(kPiece, bytes.size() - at)));
    }
    benchmark::DoNotOptimize(scanner.summary());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(dump.size()));
}
BENCHMARK_CAPTURE(scan, wide_rows, wide)->Name("dump/wide_rows");
BENCHMARK_CAPTURE(scan, narrow_rows, narrow)->Name("dump/narrow_rows");
BENCHMARK_CAPTURE(scan, inserts, inserts)->Name("dump/inserts");

}  // namespace
}  // namespace snapshotter::bench

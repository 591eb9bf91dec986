#include "samples.hpp"

#include <array>
#include <cstdio>
#include <random>

namespace snapshotter::bench {
namespace {

using Random = std::mt19937_64;

template <class... Values>
void print(std::string& text, const char* format, Values... values) {
  std::array<char, 512> line{};
  const int length = std::snprintf(line.data(), line.size(), format, values...);
  text.append(line.data(), static_cast<std::size_t>(length));
}

unsigned below(Random& random, unsigned limit) { return static_cast<unsigned>(random() % limit); }

void log_line(std::string& text, Random& random) {
  constexpr std::array kPaths{"/", "/index.html", "/api/v1/orders", "/api/v1/items",
                              "/static/app.js"};
  constexpr std::array kAgents{
      "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/7.88.1",
      "Go-http-client/1.1"};
  print(text,
        "10.%u.%u.%u - - [24/Nov/2026:%02u:%02u:%02u +0000] \"GET %s?id=%u HTTP/1.1\" %u %u \"-\" "
        "\"%s\"\n",
        below(random, 4), below(random, 256), below(random, 256), below(random, 24),
        below(random, 60), below(random, 60), kPaths[below(random, kPaths.size())],
        below(random, 100'000), below(random, 20) == 0 ? 404U : 200U, below(random, 50'000),
        kAgents[below(random, kAgents.size())]);
}

void row(std::string& text, Random& random, unsigned id) {
  print(text, "%u\t%u\t%d\t2026-11-24 %02u:%02u:%02u.%06u\tcustomer %08x@example.org\t%u.%02u\n",
        id, below(random, 1000), static_cast<int>(below(random, 20'000)) - 10'000,
        below(random, 24), below(random, 60), below(random, 60), below(random, 1'000'000),
        below(random, 0xffffffffU), below(random, 500), below(random, 100));
}

}  // namespace

const char* name(Content content) {
  switch (content) {
    case Content::log:
      return "log";
    case Content::rows:
      return "rows";
    case Content::random:
      return "random";
  }
  return "";
}

std::string make(Content content, std::size_t bytes) {
  Random random(1);
  std::string text;
  text.reserve(bytes + 512);
  for (unsigned id = 1; text.size() < bytes; ++id) {
    if (content == Content::log) {
      log_line(text, random);
    } else if (content == Content::rows) {
      row(text, random, id);
    } else {
      const auto word = random();
      text.append(reinterpret_cast<const char*>(&word), sizeof word);
    }
  }
  text.resize(bytes);
  return text;
}

std::string configuration(std::int64_t jobs, const std::string& folder) {
  std::string yaml = "daemon:\n  state_dir: " + folder + "/state\n  timezone: Europe/Berlin\n" +
                     "logging:\n  level: warning\n" +
                     "stores:\n  local:\n    type: directory\n    path: " + folder + "/backups\n" +
                     "targets:\n  files:\n    type: filesystem\n    paths:\n      - " + folder +
                     "/source\njobs:\n";
  for (std::int64_t job = 0; job < jobs; ++job) {
    print(yaml,
          "  job-%05lld:\n    schedule: \"%lld %lld * * *\"\n    targets:\n      - files\n"
          "    store: local\n    retention:\n      keep_last: 7\n",
          static_cast<long long>(job), static_cast<long long>(job % 60),
          static_cast<long long>(job / 60 % 24));
  }
  return yaml;
}

}  // namespace snapshotter::bench

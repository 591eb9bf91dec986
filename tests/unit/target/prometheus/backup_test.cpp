#include "base/error.hpp"
#include "support/catch.hpp"
#include "unit/target/prometheus/world.hpp"

#include <boost/json.hpp>
#include <sys/stat.h>

#include <regex>

using namespace snapshotter;
using namespace snapshotter::test;
namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

void answering(PrometheusWorld& world) {
  world.back_up([&](ScriptedServer& server) {
    server.answer([&](const http::Request& request) { return world.answer(request); });
  });
}

// Damages one byte of a file, which the live data shares.
void flip(const fs::path& path, std::size_t at) {
  std::string bytes = read_file(path);
  bytes.at(at) = static_cast<char>(bytes.at(at) ^ 1);
  write_file(path, bytes);
}

}  // namespace

TEST_CASE("a backup holds the blocks and leaves no snapshot") {
  PrometheusWorld world;
  world.settings.http.url.path = "/prom/";
  fs::permissions(world.data / world.blocks[0] / "index", fs::perms{0640});
  world.back_up([&](ScriptedServer& server) {
    server.answer([&](const http::Request& request) {
      if (request.path == "/prom/api/v1/status/buildinfo") {
        return reply(200, R"({"status":"success","data":{"version":"2.42.0"}})");
      }
      return world.answer(request);
    });
  });
  CHECK(world.what() == "");
  CHECK(world.warnings() == Strings{});
  CHECK(world.snapshots() == Strings{});
  CHECK(world.memory.values.empty());

  REQUIRE(world.requests.size() == 2);
  CHECK(world.requests[1].method == "POST");
  CHECK(world.requests[1].path == "/prom/api/v1/admin/tsdb/snapshot?skip_head=false");

  const auto members = world.members();
  CHECK(members.size() == 2 * 6);
  std::uint64_t bytes = 0;
  for (const std::string& block : world.blocks) {
    for (const std::string file : {"chunks/000001", "index", "meta.json", "tombstones"}) {
      const std::string path = block + "/" + file;
      CAPTURE(path);
      REQUIRE(members.contains(path));
      CHECK(members.at(path).content == read_file(world.data / path));
      bytes += members.at(path).content.size();
    }
  }
  const auto& index = members.at(world.blocks[0] + "/index").entry;
  struct stat status {};
  REQUIRE(::stat((world.data / world.blocks[0] / "index").c_str(), &status) == 0);
  CHECK(index.mode == 0640);
  CHECK(index.modified.tv_sec == status.st_mtim.tv_sec);
  CHECK(index.modified.tv_nsec == status.st_mtim.tv_nsec);
  CHECK(index.uid == status.st_uid);
  CHECK(world.progress.entries == 12);
  CHECK(world.progress.bytes_read == bytes);
  CHECK(world.progress.bytes_total == bytes);

  const auto source = boost::json::parse(world.report.source);
  CHECK(source.at("version") == "2.42.0");
  CHECK(source.at("snapshot") == PrometheusWorld::kName);
  CHECK(source.at("skip_head") == false);
  REQUIRE(source.at("blocks").as_array().size() == 2);
  const auto& block = source.at("blocks").at(0);
  CHECK(block.at("ulid").as_string() == world.blocks[0].c_str());
  CHECK(block.at("min_time") == "2026-11-24T00:00:00Z");
  CHECK(block.at("series") == 4);
  CHECK(block.at("level") == 1);
  CHECK(source.at("totals").at("samples") == 800);
  CHECK(source.at("totals").at("bytes") == bytes);
}

TEST_CASE("skip_head is asked for") {
  PrometheusWorld world;
  world.settings.skip_head = true;
  answering(world);
  CHECK(world.requests.back().path == "/api/v1/admin/tsdb/snapshot?skip_head=true");
  CHECK(boost::json::parse(world.report.source).at("skip_head") == true);
}

TEST_CASE("an empty snapshot is a failure, which says why") {
  PrometheusWorld world;
  world.blocks.clear();
  SECTION("with the head") {
    answering(world);
    CHECK_THAT(world.what(), ContainsText("there is no block in it"));
    CHECK_THAT(world.what(), ContainsText("no samples yet"));
  }
  SECTION("without the head") {
    world.settings.skip_head = true;
    answering(world);
    CHECK_THAT(world.what(), ContainsText("with skip_head only whole 2-hour blocks are saved"));
  }
  CHECK(world.retryable());
  CHECK(world.snapshots() == Strings{});
  CHECK(world.memory.values.empty());
}

TEST_CASE("a snapshot that appears late, and grows, is waited for") {
  PrometheusWorld world;
  const auto snapshot = world.data / "snapshots" / PrometheusWorld::kName;
  const auto whole = snapshot / world.blocks[1];
  const auto part = snapshot / (world.blocks[1] + ".tmp-for-creation");
  const auto passed = [&](int seconds) {
    return world.clock.now() - ManualClock::kStart > std::chrono::seconds{seconds};
  };
  world.cancel_when = [&, stage = 0]() mutable {
    if (stage == 0 && passed(4)) {
      world.make_snapshot();
      fs::rename(whole, part);
      stage = 1;
    } else if (stage == 1 && passed(6)) {
      fs::rename(part, whole);
      stage = 2;
    }
    return false;
  };
  world.back_up([&](ScriptedServer& server) {
    server.answer([&](const http::Request&) { return world.named(PrometheusWorld::kName); });
  });
  CHECK(world.what() == "");
  CHECK(world.members().contains(world.blocks[1] + "/meta.json"));
  CHECK(world.took > std::chrono::seconds{6});
  CHECK(world.snapshots() == Strings{});
}

TEST_CASE("a snapshot that never ends to grow is a failure that may pass") {
  PrometheusWorld world;
  world.back_up([&](ScriptedServer& server) {
    server.answer([&](const http::Request& request) {
      const auto response = world.answer(request);
      fs::create_directories(world.data / "snapshots" / PrometheusWorld::kName /
                             (world.blocks[1] + ".tmp-for-creation"));
      return response;
    });
  });
  CHECK_THAT(world.what(), ContainsText("still writes to it"));
  CHECK(world.retryable());
  CHECK(world.snapshots() == Strings{});
}

TEST_CASE("the wrong data_dir is explained, and the snapshot found once it is right") {
  PrometheusWorld world;
  const auto real = world.data;
  world.settings.data_dir = world.dir.path() / "other";
  fs::create_directories(world.dir.path() / "other" / "wal");
  world.back_up([&](ScriptedServer& server) {
    server.answer([&](const http::Request& request) {
      if (request.path == "/api/v1/status/flags") {
        return reply(200,
                     R"({"status":"success","data":{"storage.tsdb.path":"/var/lib/prometheus"}})");
      }
      return world.answer(request);
    });
  });
  CHECK_THAT(world.what(), ContainsText("the server says its data is in '/var/lib/prometheus'"));
  CHECK_THAT(world.advice(), ContainsText("set data_dir to where this machine sees"));
  CHECK_FALSE(world.retryable());
  CHECK(world.snapshots() == Strings{PrometheusWorld::kName});
  CHECK(world.memory.values == std::map<std::string, std::string>{
                                   {std::string("snapshot ") + PrometheusWorld::kName, "made"}});

  world.settings.data_dir = real;
  world.recover();
  CHECK(world.what() == "");
  CHECK(world.snapshots() == Strings{});
  CHECK(world.memory.values.empty());
}

TEST_CASE("what is no data_dir is refused before a snapshot is made") {
  PrometheusWorld world;
  SECTION("it is not there") {
    world.settings.data_dir = "/nonexistent/prometheus";
    answering(world);
    CHECK_THAT(world.what(), ContainsText("'/nonexistent/prometheus': No such file"));
    CHECK_THAT(world.advice(), ContainsText("set data_dir to the folder of --storage.tsdb.path"));
  }
  SECTION("it is empty: nothing is mounted") {
    fs::remove(world.data / "wal");
    answering(world);
    CHECK_THAT(world.what(), ContainsText("this is no data folder of Prometheus"));
  }
  SECTION("snapshots leads elsewhere") {
    fs::create_directory_symlink("/etc", world.data / "snapshots");
    answering(world);
    CHECK_THAT(world.what(), ContainsText("/snapshots"));
    fs::remove(world.data / "snapshots");
  }
  CHECK(world.error);
  CHECK(world.requests.empty());
  CHECK(world.memory.values.empty());
}

TEST_CASE("without a memory nothing is begun") {
  PrometheusWorld world;
  world.memory.put_failure = std::make_exception_ptr(CatalogError({"remember", "", "disk full"}));
  answering(world);
  CHECK_THAT(world.what(), ContainsText("disk full"));
  CHECK(world.snapshots() == Strings{});
  for (const auto& request : world.requests) CHECK(request.method == "GET");
}

TEST_CASE("a damaged block makes a backup partial, and the others are in it") {
  PrometheusWorld world;
  flip(world.data / world.blocks[0] / "chunks" / "000001", 100);
  answering(world);
  CHECK(world.what() == "");
  REQUIRE(world.report.missing == 1);
  CHECK_THAT(world.warnings().front(),
             ContainsText("missing " + world.blocks[0] + "/chunks/000001: is damaged at byte "));
  CHECK_THAT(world.warnings().front(), ContainsText("the checksum of a chunk is wrong"));
  const auto members = world.members();
  CHECK(members.size() == 12);
  const std::string path = world.blocks[0] + "/chunks/000001";
  CHECK(members.at(path).content == read_file(world.data / path));
  CHECK(world.snapshots() == Strings{});
}

TEST_CASE("each way for a block to be wrong is named") {
  PrometheusWorld world;
  const auto block = world.data / world.blocks[0];
  const auto only = [&](const std::string& warning) {
    answering(world);
    CHECK(world.what() == "");
    REQUIRE(world.warnings().size() == 1);
    CHECK_THAT(world.warnings().front(), ContainsText("missing " + world.blocks[0] + warning));
  };
  SECTION("the index") {
    flip(block / "index", 4);
    only("/index: is damaged at byte 4: it is of a version that is not known here");
  }
  SECTION("tombstones") {
    flip(block / "tombstones", 8);
    only("/tombstones: is damaged at byte 5: the checksum of the deletions is wrong");
  }
  SECTION("no index") {
    fs::remove(block / "index");
    only(": has no index");
  }
  SECTION("no chunks and no meta.json") {
    fs::remove_all(block / "chunks");
    fs::remove(block / "meta.json");
    only(": has no meta.json, no chunks/000001");
  }
  SECTION("meta.json is no JSON") {
    write_file(block / "meta.json", "{");
    only("/meta.json: is no JSON object");
  }
  SECTION("meta.json is another block's") {
    write_file(block / "meta.json", read_file(world.data / world.blocks[1] / "meta.json"));
    only("/meta.json: is that of block " + world.blocks[1]);
  }
  SECTION("a segment of chunks is missing") {
    const std::string meta = read_file(block / "meta.json");
    const std::string wrong =
        std::regex_replace(meta, std::regex("\"numChunks\": 4"), "\"numChunks\": 5");
    REQUIRE(wrong != meta);
    write_file(block / "meta.json", wrong);
    only("/chunks: holds 4 chunks where meta.json says 5");
  }
  SECTION("series are missing") {
    const std::string meta = read_file(block / "meta.json");
    write_file(block / "meta.json",
               std::regex_replace(meta, std::regex("\"numSeries\": 4"), "\"numSeries\": 3"));
    only("/index: holds 4 series where meta.json says 3");
  }
  SECTION("a symlink, which is not followed") {
    fs::create_symlink("/etc/passwd", block / "link");
    only("/link: is neither a file nor a folder: not saved");
  }
}

TEST_CASE("what is no block is saved and pointed out") {
  PrometheusWorld world;
  world.back_up([&](ScriptedServer& server) {
    server.answer([&](const http::Request& request) {
      const auto response = world.answer(request);
      write_file(world.data / "snapshots" / PrometheusWorld::kName / "notes", "hello");
      return response;
    });
  });
  CHECK(world.warnings() ==
        Strings{"attention notes: is no block of Prometheus's: saved as it is"});
  CHECK(world.members().at("notes").content == "hello");
  CHECK(world.snapshots() == Strings{});
}

TEST_CASE("a snapshot of which no block can be used is a failure") {
  PrometheusWorld world(1);
  write_file(world.data / world.blocks[0] / "meta.json", "not json");
  answering(world);
  CHECK_THAT(world.what(), ContainsText("none of its blocks can be used"));
  CHECK_FALSE(world.retryable());
  CHECK(world.snapshots() == Strings{});
}

TEST_CASE("a snapshot that can't be deleted is pointed out and remembered") {
  PrometheusWorld world;
  const auto snapshot = world.data / "snapshots" / PrometheusWorld::kName;
  const std::string deep = "a/b/c/d/e/f/g/h/i/j/k/l";  // deeper than any block: not touched
  world.back_up([&](ScriptedServer& server) {
    server.answer([&](const http::Request& request) {
      const auto response = world.answer(request);
      fs::create_directories(snapshot / deep);
      return response;
    });
  });
  CHECK(world.what() == "");
  REQUIRE(world.report.attentions == 2);
  CHECK_THAT(world.warnings().back(), ContainsText("attention " + snapshot.string() + ": pins"));
  CHECK_THAT(world.warnings().back(), ContainsText("delete it by hand"));
  CHECK(fs::exists(snapshot / deep));
  CHECK(world.memory.values.size() == 1);

  fs::remove_all(snapshot / "a");
  world.recover();
  CHECK(world.what() == "");
  CHECK(world.memory.values.empty());
  CHECK(world.snapshots() == Strings{});
}

#include "archive_support.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <numeric>
#include <thread>

namespace snapshotter::archive::test {
namespace {

std::vector<Member> mixed_members() {
  std::vector<Member> members{directory("d"), file("d/empty", ""), file("d/one", "x")};
  members.push_back(file("d/text", wordy(2'300'000)));
  members.push_back(file("d/noise", noise(1'200'000)));
  members.push_back(stream("d/stream", wordy(1'100'000, 7)));
  members.push_back(stream("d/empty stream", ""));
  members.push_back(symlink("d/link", "text"));
  members.push_back(file("d/last", wordy(511)));
  return members;
}

void check_read_back(const Archived& archived, const std::vector<Member>& members,
                     std::size_t workers) {
  const auto found = read_all(archived.bytes, workers);
  REQUIRE(found.size() == members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    check_same(found[i].entry, members[i].entry);
    CHECK(found[i].content == members[i].content);
  }
  async::WorkerPool pool("test", workers);
  const auto summary =
      verify_written(MemorySource(archived.bytes), archived.written, pool, std::stop_token{});
  CHECK(summary.entries == members.size());
}

}  // namespace

TEST_CASE("every format and level and number of workers reads back as written") {
  const auto members = mixed_members();
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    std::string first;
    for (const char* const level : {"fast", "balanced", "small", "1", "4"}) {
      INFO(name(format) << " " << level);
      const WriterOptions options{format, *parse_level(level, format)};
      const auto one = archive_of(members, options, 0);
      check_read_back(one, members, 4);
      // The number of workers changes nothing in the result.
      CHECK(archive_of(members, options, 1).bytes == one.bytes);
      CHECK(archive_of(members, options, 4).bytes == one.bytes);
      check_read_back(one, members, 0);
    }
  }
}

TEST_CASE("every numbered level works") {
  const std::vector<Member> members{file("f", wordy(200'000))};
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    std::size_t first = 0;
    std::size_t last = 0;
    for (int level = 1; level <= (format == Format::tar_gz ? 12 : 19); ++level) {
      INFO(name(format) << " " << level);
      const auto archived = archive_of(members, {format, {Level::Name::number, level}});
      check_read_back(archived, members, 0);
      last = archived.bytes.size();
      if (level == 1) first = last;
    }
    CHECK(last < first);
  }
}

TEST_CASE("an empty archive is an archive") {
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    const auto archived = archive_of({}, {format, {}});
    CHECK(archived.written.entries == 0);
    CHECK(archived.written.tar_bytes == 1024);
    CHECK(archived.written.members == 1);
    check_read_back(archived, {}, 0);
  }
}

TEST_CASE("the summary counts what was written") {
  Member sparse = file("sparse", std::string(515, 's'));
  sparse.entry.sparse = true;
  sparse.entry.size = 1'000'000;
  sparse.entry.extents = {{0, 512}, {500'000, 3}};
  const auto archived = archive_of({file("a", "12345"), stream("b", "1234567"), sparse});
  CHECK(archived.written.entries == 3);
  CHECK(archived.written.content_bytes == 5 + 7 + 515);
  CHECK(archived.written.stored_bytes == archived.bytes.size());
  CHECK(archived.written.tar_bytes == inflated(archived.bytes, Format::tar_gz).size());
  REQUIRE(archived.written.rewritten.size() == 1);
  const auto& range = archived.written.rewritten[0];
  CHECK(std::memcmp(archived.bytes.data() + range.offset, range.bytes.data(), range.bytes.size()) ==
        0);
}

TEST_CASE("a file that shrank is filled up with zeros") {
  async::WorkerPool pool("test", 1);
  MemorySink sink;
  ArchiveWriter writer(sink, pool, {}, {});
  Member member = file("shrank", "");
  member.entry.size = 3'000'000;
  writer.begin(member.entry);
  writer.write(as_bytes("short"));
  CHECK(writer.end() == 2'999'995);
  CHECK(writer.content_bytes() == 3'000'000);
  writer.begin(file("next", "").entry);
  CHECK(writer.end() == 0);
  const auto written = writer.finish();
  const auto found = read_all(sink.content);
  REQUIRE(found.size() == 2);
  CHECK(found[0].content == "short" + std::string(2'999'995, '\0'));
  CHECK(verify(MemorySource(sink.content), pool, {}).content_bytes == written.content_bytes);
}

TEST_CASE("incompressible data does not grow") {
  const std::vector<Member> members{file("noise", noise(5'000'000))};
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    for (const char* const level : {"fast", "balanced", "small"}) {
      INFO(name(format) << " " << level);
      const auto archived = archive_of(members, {format, *parse_level(level, format)});
      CHECK(archived.bytes.size() < 5'000'000 + 4000);
    }
  }
}

TEST_CASE("noise that repeats itself is still compressed") {
  const std::string piece = noise(20'000);
  std::string repeated;
  while (repeated.size() < 2'000'000) repeated += piece;
  const auto archived = archive_of({file("repeated", repeated)});
  CHECK(archived.bytes.size() < repeated.size() / 4);
}

TEST_CASE("content is told as it passes, block by block, and all of it") {
  for (const auto format : {Format::tar_gz, Format::tar_zst}) {
    std::vector<std::uint64_t> told;
    WriterOptions options{format, {}};
    options.pace = [&](std::uint64_t bytes) { told.push_back(bytes); };
    std::vector<Member> members{stream("stream", noise(3'000'001))};
    for (int i = 0; i < 200; ++i) members.push_back(file(std::to_string(i), noise(30'011)));
    members.push_back(file("empty", ""));
    const auto archived = archive_of(members, options);
    CHECK(std::accumulate(told.begin(), told.end(), std::uint64_t{0}) ==
          archived.written.content_bytes);
    CHECK(told.size() >= 4);
    CHECK(told.size() <= archived.written.members);
    CHECK(*std::min_element(told.begin(), told.end()) > 0);
  }
}

TEST_CASE("an archive ends where its pace throws, before the block is on its way") {
  async::WorkerPool pool("test", 2);
  MemorySink sink;
  WriterOptions options;
  std::uint64_t told = 0;
  options.pace = [&](std::uint64_t bytes) {
    told += bytes;
    if (told > 5'000'000) throw CancelledError();
  };
  ArchiveWriter writer(sink, pool, options, {});
  writer.begin(file("f", std::string(20'000'000, 'x')).entry);
  const std::string piece = noise(100'000);
  std::uint64_t written = 0;
  const auto write_on = [&] {
    for (; written < 20'000'000; written += piece.size()) writer.write(as_bytes(piece));
  };
  CHECK_THROWS_AS(write_on(), CancelledError);
  CHECK(written < 8'000'000);
}

TEST_CASE("a pool that grows and shrinks under a writer changes nothing") {
  std::vector<std::pair<std::string, std::string>> files;
  for (int i = 0; i < 24; ++i) files.emplace_back(std::to_string(i), wordy(700'000));
  std::vector<Member> members;
  for (const auto& [path, content] : files) members.push_back(file(path, content));
  async::WorkerPool pool("test", 3);
  MemorySink sink;
  ArchiveWriter writer(sink, pool, {}, {});
  const std::array<std::size_t, 4> sizes{1, 4, 2, 8};
  for (std::size_t i = 0; i < members.size(); ++i) {
    pool.resize(sizes[i % sizes.size()]);
    writer.begin(members[i].entry);
    writer.write(as_bytes(files[i].second));
    CHECK(writer.end() == 0);
  }
  pool.resize(1);
  (void)writer.finish();
  CHECK(sink.content == archive_of(members).bytes);
}

TEST_CASE("wrong order of calls is refused as a bug") {
  async::WorkerPool pool("test", 0);
  MemorySink sink;
  const Entry entry = file("f", "abc").entry;
  const auto fresh = [&] {
    return std::make_unique<ArchiveWriter>(sink, pool, WriterOptions{}, std::stop_token{});
  };
  CHECK_THROWS_AS(fresh()->write(as_bytes("x")), CompressionError);
  CHECK_THROWS_AS(fresh()->end(), CompressionError);
  CHECK_THROWS_AS(fresh()->end_stream(), CompressionError);
  auto writer = fresh();
  writer->begin(entry);
  CHECK_THROWS_AS(writer->begin(entry), CompressionError);
  CHECK_THROWS_AS(writer->begin_stream(entry), CompressionError);
  CHECK_THROWS_AS(writer->finish(), CompressionError);
  CHECK_THROWS_AS(writer->write(as_bytes("abcd")), CompressionError);
  writer = fresh();
  writer->begin_stream(entry);
  CHECK_THROWS_AS(writer->end(), CompressionError);
  writer->end_stream();
  (void)writer->finish();
  CHECK_THROWS_AS(writer->finish(), CompressionError);
}

TEST_CASE("an entry that no archive can hold is refused and the writer goes on") {
  async::WorkerPool pool("test", 0);
  MemorySink sink;
  ArchiveWriter writer(sink, pool, {}, {});
  Member heavy = file("heavy", "");
  heavy.entry.xattrs = {{"user.a", std::string(700'000, 'a')},
                        {"user.b", std::string(700'000, 'b')}};
  CHECK_THROWS_AS(writer.begin(heavy.entry), CompressionError);
  heavy.entry.xattrs = {{"user.a", std::string(61'000, 'a')}};
  CHECK_THROWS_AS(writer.begin_stream(heavy.entry), CompressionError);
  Member overlapping = file("overlapping", "");
  overlapping.entry.sparse = true;
  overlapping.entry.size = 100;
  overlapping.entry.extents = {{0, 60}, {50, 10}};
  CHECK_THROWS_AS(writer.begin(overlapping.entry), CompressionError);
  overlapping.entry.extents = {{90, 20}};
  CHECK_THROWS_AS(writer.begin(overlapping.entry), CompressionError);
  overlapping.entry.extents = {{0, 10}, {50, 10}};
  CHECK_THROWS_AS(writer.begin(overlapping.entry), CompressionError);
  writer.begin(file("good", "").entry);
  writer.end();
  CHECK(writer.finish().entries == 1);
  CHECK(read_all(sink.content).at(0).entry.path == "good");
}

TEST_CASE("a sink that fails at any append stops the writer") {
  const std::string content = wordy(4'000'000);
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    for (const std::size_t workers : {0U, 1U, 4U}) {
      int failures = 0;
      for (int n = 1; n < 16; ++n) {
        async::WorkerPool pool("test", workers);
        MemorySink sink;
        sink.fail_at_append = n;
        try {
          ArchiveWriter writer(sink, pool, {format, {Level::Name::fast}}, {});
          writer.begin(file("a", content).entry);
          writer.write(as_bytes(content));
          writer.end();
          writer.begin_stream(file("s", "").entry);
          writer.write(as_bytes(content));
          writer.end_stream();
          (void)writer.finish();
        } catch (const StoreError&) {
          ++failures;
        }
      }
      CHECK(failures >= 6);
      CHECK(failures < 15);
    }
  }
}

TEST_CASE("cancelling ends the writer within a block") {
  for (const std::size_t workers : {0U, 1U, 4U}) {
    async::WorkerPool pool("test", workers);
    MemorySink sink;
    std::stop_source stop;
    sink.before_append = [&](int number) {
      if (number == 3) stop.request_stop();
    };
    ArchiveWriter writer(sink, pool, {}, stop.get_token());
    Member member = file("endless", "");
    member.entry.size = std::uint64_t{1} << 40U;
    writer.begin(member.entry);
    const std::string content = wordy(100'000);
    std::uint64_t taken = 0;
    const auto write_on = [&] {
      for (;;) {
        writer.write(as_bytes(content));
        taken += content.size();
      }
    };
    CHECK_THROWS_AS(write_on(), CancelledError);
    CHECK(taken < (workers + 8) << 20U);
  }
}

TEST_CASE("filling up an enormous file can be cancelled") {
  async::WorkerPool pool("test", 2);
  MemorySink sink;
  std::stop_source stop;
  sink.before_append = [&](int number) {
    if (number == 3) stop.request_stop();
  };
  ArchiveWriter writer(sink, pool, {Format::tar_gz, {Level::Name::fast}}, stop.get_token());
  Member member = file("endless", "");
  member.entry.size = std::uint64_t{1} << 50U;
  writer.begin(member.entry);
  CHECK_THROWS_AS(writer.end(), CancelledError);
}

TEST_CASE("the writer can run on the only thread of the pool that it compresses with") {
  async::WorkerPool pool("test", 1);
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Archived> result;
  const auto members = mixed_members();
  pool.post([&] {
    MemorySink sink;
    ArchiveWriter writer(sink, pool, {}, {});
    for (const Member& member : members) {
      member.stream ? writer.begin_stream(member.entry) : writer.begin(member.entry);
      writer.write(as_bytes(member.content));
      member.stream ? writer.end_stream() : (void)writer.end();
    }
    auto written = writer.finish();
    const auto summary = verify_written(MemorySource(sink.content), written, pool, {});
    const std::lock_guard lock(mutex);
    result = Archived{std::move(sink.content), std::move(written)};
    (void)summary;
    done.notify_one();
  });
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return result.has_value(); });
  CHECK(result->bytes == archive_of(members).bytes);
}

TEST_CASE("streams of many sizes follow each other") {
  std::vector<Member> members;
  for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 1'048'576U, 1'048'577U, 3'000'000U}) {
    members.push_back(stream("stream " + std::to_string(size), wordy(size, 3)));
    members.back().entry.xattrs = {{"user.n", std::to_string(size)}};
  }
  members.push_back(stream(std::string(200, 'n') + "/" + std::string(200, 'm'), "long name"));
  members.push_back(stream(std::string(150, '\xe9') + "/" + std::string(200, '\xff'), "odd name"));
  members.push_back(file("file between", "x"));
  members.push_back(stream("last", "y"));
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    const auto archived = archive_of(members, {format, {}}, 2);
    CHECK(archived.written.rewritten.size() == members.size() - 1);
    check_read_back(archived, members, 2);
  }
}

TEST_CASE("a stream of more than 8 GiB has its size in the archive") {
  async::WorkerPool pool("test", 2);
  MemorySink sink;
  ArchiveWriter writer(sink, pool, {Format::tar_zst, {Level::Name::fast}}, {});
  writer.begin_stream(file("huge", "").entry);
  const std::string zeros(8U << 20U, '\0');
  const std::uint64_t size = (std::uint64_t{8} << 30U) + zeros.size();
  for (std::uint64_t done = 0; done < size; done += zeros.size()) writer.write(as_bytes(zeros));
  writer.end_stream();
  writer.begin(file("after", "x").entry);
  writer.write(as_bytes("x"));
  writer.end();
  const auto written = writer.finish();
  CHECK(written.content_bytes == size + 1);
  const MemorySource source(sink.content);
  CHECK(verify_written(source, written, pool, {}).content_bytes == size + 1);
  CHECK(ArchiveReader(source, pool, {}).next()->size == size);
}

}  // namespace snapshotter::archive::test

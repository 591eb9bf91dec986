#include "archive/tar_walker.hpp"

#include "archive/tar_encoder.hpp"
#include "archive_support.hpp"

namespace snapshotter::archive::test {
namespace {

void walk(TarWalker& walker, std::string_view tar, std::size_t piece) {
  for (std::size_t at = 0; at < tar.size(); at += piece) {
    walker.feed(as_bytes(tar.substr(at, piece)));
  }
  walker.finish();
}

std::string tar_of(const std::vector<Member>& members) {
  return inflated(archive_of(members).bytes, Format::tar_gz);
}

}  // namespace

TEST_CASE("the walker counts the same in pieces of any size") {
  Member sparse = file("sparse", wordy(60 * 512));
  sparse.entry.sparse = true;
  for (std::uint64_t i = 0; i < 60; ++i) sparse.entry.extents.push_back({i * 8'000'000'000, 512});
  sparse.entry.size = 600'000'000'000;
  Member xattr = file("xattr", "x");
  xattr.entry.xattrs = {{"user.size=1", wordy(2000) + "\n11 size=99\n"}};
  const std::string noise_name = "odd \xff name/" + wordy(300);
  const std::string tar =
      tar_of({file("a", "1234"), directory("d"), sparse, xattr, stream("s", wordy(1000)),
              file(noise_name, "5"), hardlink("h", "a")});
  for (const std::size_t piece : {1U, 7U, 100U, 511U, 512U, 513U, 4096U, 1'000'000U}) {
    TarWalker walker;
    walk(walker, tar, piece);
    CHECK(walker.entries() == 7);
    CHECK(walker.content_bytes() == 4 + 60 * 512 + 1 + 1000 + 1);
    CHECK(walker.tar_bytes() == tar.size());
  }
}

TEST_CASE("the walker finds damage in every header") {
  const std::string tar = tar_of({file("a", "1234"), file("b", "")});
  for (const std::size_t at : {0U, 100U, 124U, 148U, 156U, 257U, 345U, 1024U, 2048U}) {
    INFO("byte " << at);
    std::string damaged = tar;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    TarWalker walker;
    CHECK_THROWS_AS(walk(walker, damaged, 512), CorruptArchiveError);
  }
}

TEST_CASE("the walker wants the end-of-archive mark and nothing behind") {
  const std::string tar = tar_of({file("a", std::string(2000, '\0'))});
  for (std::size_t length = 0; length < tar.size(); ++length) {
    TarWalker walker;
    CHECK_THROWS_AS(walk(walker, tar.substr(0, length), 512), CorruptArchiveError);
  }
  TarWalker padded;
  walk(padded, tar + std::string(5120, '\0'), 512);
  CHECK(padded.entries() == 1);
  TarWalker partly_padded;
  CHECK_THROWS_AS(walk(partly_padded, tar + std::string(10, '\0'), 512), CorruptArchiveError);
  TarWalker garbage;
  CHECK_THROWS_AS(walk(garbage, tar + std::string(512, 'x'), 512), CorruptArchiveError);
  TarWalker single;
  CHECK_THROWS_AS(walk(single, tar.substr(0, tar.size() - 512) + std::string(512, 'x'), 512),
                  CorruptArchiveError);
}

TEST_CASE("the walker refuses hostile headers without harm") {
  const auto header = [](char typeflag, std::uint64_t size) {
    TarBlock block;
    block.name[0] = 'n';
    block.typeflag = typeflag;
    put_number(block.size, size);
    put_checksum(block);
    return std::string(reinterpret_cast<const char*>(&block), sizeof(block));
  };
  const auto refused = [](const std::string& tar) {
    TarWalker walker;
    CHECK_THROWS_AS(walk(walker, tar, 512), CorruptArchiveError);
  };
  refused(header('x', std::uint64_t{1} << 40U));
  refused(header('0', ~std::uint64_t{0} >> 1U));
  const auto extended = [&](std::string records) {
    std::string tar = header('x', records.size());
    records.resize(round_up_to_block(records.size()), '\0');
    return tar + records + header('0', 10'000) + std::string(10'240, '1') + std::string(1024, '\0');
  };
  TarWalker good;
  walk(good, extended("14 size=10240\n"), 512);
  for (const char* const records :
       {"99 size=1\n", "1 size=1\n", "size=1\n", "10 size=1", "9 size=x\n", "13 size=-5000\n",
        "0 a=b\n", "18446744073709551617 a=b\n", "28 size=99999999999999999999\n",
        "22 GNU.sparse.major=1\n"}) {
    INFO(records);
    refused(extended(records));
  }
}

TEST_CASE("random bytes never pass") {
  Random random;
  INFO("seed " << random.seed());
  const std::string tar = tar_of({file("a", wordy(1000)), stream("s", "x"), symlink("l", "t")});
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = tar;
    for (unsigned n = random() % 20 + 1; n > 0; --n) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    TarWalker walker;
    try {
      walk(walker, damaged, random() % 1000 + 1);
      CHECK(walker.tar_bytes() == tar.size());
    } catch (const CorruptArchiveError&) {
    }
  }
}

}  // namespace snapshotter::archive::test

#include "archive_support.hpp"

#include <sys/wait.h>

#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace snapshotter::archive::test {

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

void MemorySink::append(std::span<const std::byte> bytes) {
  ++appends_;
  if (before_append) before_append(appends_);
  if (appends_ == fail_at_append) throw StoreError({"write", "memory", "it is full"});
  if (announced_ > 0) {
    if (announced_ != bytes.size()) throw std::logic_error("hold() and append() differ");
    if (held_) throw std::logic_error("a second range is held");
    held_.emplace(content.size(), bytes.size());
    announced_ = 0;
  }
  content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void MemorySink::hold(std::size_t length) {
  if (length == 0 || length > (64U << 10U)) throw std::logic_error("hold() of a bad length");
  announced_ = length;
}

void MemorySink::rewrite(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (!held_ || held_->first != offset || bytes.size() > held_->second) {
    throw std::logic_error("rewrite() of what is not held");
  }
  std::memcpy(content.data() + offset, bytes.data(), bytes.size());
  held_.reset();
}

std::size_t MemorySource::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset >= content.size()) return 0;
  const std::size_t count = std::min<std::size_t>(into.size(), content.size() - offset);
  std::memcpy(into.data(), content.data() + offset, count);
  return count;
}

Member file(std::string path, std::string content, mode_t mode) {
  Member member;
  member.entry.path = std::move(path);
  member.entry.mode = mode;
  member.entry.size = content.size();
  member.entry.modified = {1'700'000'000, 123'456'789};
  member.content = std::move(content);
  return member;
}

Member directory(std::string path, mode_t mode) {
  Member member = file(std::move(path), "", mode);
  member.entry.kind = Entry::Kind::directory;
  return member;
}

Member symlink(std::string path, std::string target) {
  Member member = file(std::move(path), "", 0777);
  member.entry.kind = Entry::Kind::symlink;
  member.entry.link_target = std::move(target);
  return member;
}

Member hardlink(std::string path, std::string target) {
  Member member = symlink(std::move(path), std::move(target));
  member.entry.kind = Entry::Kind::hardlink;
  member.entry.mode = 0644;
  return member;
}

Member stream(std::string path, std::string content) {
  Member member = file(std::move(path), std::move(content));
  member.stream = true;
  return member;
}

Archived archive_of(const std::vector<Member>& members, WriterOptions options,
                    std::size_t workers) {
  async::WorkerPool pool("test", workers);
  MemorySink sink;
  MemorySink index;
  if (options.index == nullptr) options.index = &index;
  ArchiveWriter writer(sink, pool, options, {});
  for (const Member& member : members) {
    if (member.stream) {
      writer.begin_stream(member.entry);
      writer.write(as_bytes(member.content));
      writer.end_stream();
    } else {
      writer.begin(member.entry);
      writer.write(as_bytes(member.content));
      REQUIRE(writer.end() == 0);
    }
  }
  WriteSummary written = writer.finish();
  return {std::move(sink.content), std::move(written), std::move(index.content)};
}

std::string wordy(std::size_t length, std::uint32_t seed) {
  static const char* const kWords[] = {"archive", "block",  "backup", "restore", "snapshot", "of",
                                       "the",     "daemon", "\n",     "verify",  "checksum", "a"};
  Random random(seed);
  std::string text;
  text.reserve(length + 16);
  while (text.size() < length) {
    text += kWords[random() % std::size(kWords)];
    text += ' ';
  }
  text.resize(length);
  return text;
}

std::string noise(std::size_t length, std::uint32_t seed) {
  Random random(seed);
  std::string bytes(length, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::vector<Member> read_all(const std::string& archive, std::size_t workers) {
  async::WorkerPool pool("test", workers);
  const MemorySource source(archive);
  ArchiveReader reader(source, pool, {});
  std::vector<Member> members;
  std::vector<std::byte> buffer(100'000);
  while (auto entry = reader.next()) {
    Member member{*entry, "", false};
    while (const std::size_t count = reader.read(buffer)) {
      member.content.append(reinterpret_cast<const char*>(buffer.data()), count);
    }
    members.push_back(std::move(member));
  }
  return members;
}

void check_same(const Entry& got, const Entry& expected) {
  INFO("path " << expected.path);
  CHECK(got.kind == expected.kind);
  CHECK(got.path == expected.path);
  CHECK(got.size == expected.size);
  CHECK(got.mode == expected.mode);
  CHECK(got.uid == expected.uid);
  CHECK(got.gid == expected.gid);
  CHECK(got.user == expected.user);
  CHECK(got.group == expected.group);
  CHECK(got.modified.tv_sec == expected.modified.tv_sec);
  CHECK(got.modified.tv_nsec == expected.modified.tv_nsec);
  CHECK(got.link_target == expected.link_target);
  CHECK(got.device_major == expected.device_major);
  CHECK(got.device_minor == expected.device_minor);
  auto sorted = got.xattrs;
  auto wanted = expected.xattrs;
  std::sort(sorted.begin(), sorted.end());
  std::sort(wanted.begin(), wanted.end());
  CHECK(sorted == wanted);
  CHECK(got.sparse == expected.sparse);
  REQUIRE(got.extents.size() == expected.extents.size());
  for (std::size_t i = 0; i < got.extents.size(); ++i) {
    CHECK(got.extents[i].offset == expected.extents[i].offset);
    CHECK(got.extents[i].length == expected.extents[i].length);
  }
}

CommandResult run(const std::string& command) {
  FILE* const pipe = ::popen(("( " + command + " ) 2>&1").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen");
  CommandResult result;
  char buffer[65536];
  while (const std::size_t count = std::fread(buffer, 1, sizeof(buffer), pipe)) {
    result.output.append(buffer, count);
  }
  const int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::string run_well(const std::string& command) {
  CommandResult result = run(command);
  INFO(command << "\n" << result.output.substr(0, 2000));
  REQUIRE(result.status == 0);
  return std::move(result.output);
}

std::string inflated(const std::string& archive, Format format) {
  const TempDir folder;
  const auto path = folder.path() / "a";
  write_file(path, archive);
  return run_well((format == Format::tar_gz ? "gzip -dc < " : "zstd -dc < ") + path.string());
}

}  // namespace snapshotter::archive::test

#include "store/manifest.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace snapshotter::store {
namespace {

namespace json = boost::json;

// Below the depth that the whole document is parsed with (32).
constexpr std::size_t kDeepestSource = 16;

// Boost.JSON checks UTF-8 when it parses, not when it writes.
json::string text(const std::string& raw) {
  boost::system::error_code error;
  (void)json::parse(json::serialize(json::string(raw)), error);
  return json::string(error ? printable(raw) : raw);
}

json::object source_object(const std::string& source) {
  json::parse_options options;
  options.max_depth = kDeepestSource;
  boost::system::error_code error;
  json::value value = json::parse(source, error, {}, options);
  if (!error && value.is_object()) return std::move(value.as_object());
  return {{"text", text(source)}};
}

json::value index_object(const std::optional<Manifest::Index>& index) {
  if (!index) return nullptr;
  return json::object{{"bytes", index->bytes}, {"sha256", text(index->sha256)}};
}

json::array reason_list(const std::vector<std::string>& reasons) {
  json::array list;
  for (const std::string& reason : reasons) list.emplace_back(text(reason));
  return list;
}

json::array warning_list(const std::vector<Manifest::Warning>& warnings) {
  json::array list;
  for (const Manifest::Warning& warning : warnings) {
    if (list.size() == Manifest::kMaxWarnings) break;
    list.push_back(json::object{{"path", text(warning.path)}, {"what", text(warning.what)}});
  }
  return list;
}

void print(const json::value& value, const std::string& indent, std::string& out);

template <class Items, class Print>
void print_items(const Items& items, char open, char close, const std::string& indent,
                 std::string& out, Print print_item) {
  out += open;
  bool first = true;
  for (const auto& item : items) {
    out += first ? "\n" : ",\n";
    first = false;
    out += indent + "  ";
    print_item(item);
  }
  if (!first) out += "\n" + indent;
  out += close;
}

void print(const json::value& value, const std::string& indent, std::string& out) {
  const std::string deeper = indent + "  ";
  if (const json::object* object = value.if_object()) {
    print_items(*object, '{', '}', indent, out, [&](const json::key_value_pair& member) {
      out += json::serialize(json::string(member.key())) + ": ";
      print(member.value(), deeper, out);
    });
  } else if (const json::array* array = value.if_array()) {
    print_items(*array, '[', ']', indent, out,
                [&](const json::value& item) { print(item, deeper, out); });
  } else {
    out += json::serialize(value);
  }
}

bool is_sha256(std::string_view hex) {
  return hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Takes values out of a parsed manifest; what does not fit becomes a StoreError that names the key.
class Reader {
 public:
  Reader(const json::object& object, const std::string& where) : object_(object), where_(where) {}

  template <class Value>
  void required(std::string_view key, Value& into) const {
    const json::value* value = object_.if_contains(key);
    if (value == nullptr) fail(key, "is missing");
    take(key, *value, into);
  }
  template <class Value>
  void optional(std::string_view key, Value& into) const {
    const json::value* value = object_.if_contains(key);
    if (value != nullptr && !value->is_null()) take(key, *value, into);
  }
  [[noreturn]] void fail(std::string_view key, std::string_view why) const {
    throw StoreError({"read manifest", where_, "'" + std::string(key) + "' " + std::string(why),
                      "verify the archive by its checksum; the manifest was damaged or edited"});
  }

 private:
  void take(std::string_view key, const json::value& value, std::string& into) const {
    if (!value.is_string()) fail(key, "is not text");
    into = std::string(value.get_string());
  }
  void take(std::string_view key, const json::value& value, std::uint64_t& into) const {
    boost::system::error_code error;
    const bool whole = value.is_int64() || value.is_uint64();
    if (whole) into = value.to_number<std::uint64_t>(error);
    if (!whole || error) fail(key, "is not a whole number from 0 on");
  }
  void take(std::string_view key, const json::value& value, Time& into) const {
    std::string written;
    take(key, value, written);
    const auto time = parse_rfc3339(written);
    if (!time) fail(key, "is not an RFC 3339 time");
    into = *time;
  }
  void take(std::string_view key, const json::value& value, std::vector<std::string>& into) const {
    if (!value.is_array()) fail(key, "is not a list");
    for (const json::value& item : value.get_array()) take(key, item, into.emplace_back());
  }
  void take(std::string_view key, const json::value& value,
            std::vector<Manifest::Warning>& into) const {
    if (!value.is_array()) fail(key, "is not a list");
    for (const json::value& item : value.get_array()) {
      if (!item.is_object()) fail(key, "holds something that is not an object");
      const Reader warning(item.get_object(), where_);
      Manifest::Warning& added = into.emplace_back();
      warning.optional("path", added.path);
      warning.optional("what", added.what);
    }
  }
  void take(std::string_view key, const json::value& value,
            std::optional<Manifest::Index>& into) const {
    if (!value.is_object()) fail(key, "is not an object");
    const Reader index(value.get_object(), where_);
    Manifest::Index& taken = into.emplace();
    index.required("bytes", taken.bytes);
    index.required("sha256", taken.sha256);
    if (!is_sha256(taken.sha256)) fail(key, "holds no SHA-256 in lower-case hex");
  }
  void take(std::string_view key, const json::value& value, json::object& into) const {
    if (!value.is_object()) fail(key, "is not an object");
    into = value.get_object();
  }

  const json::object& object_;
  const std::string& where_;
};

int read_version(const Reader& read, const std::string& where) {
  std::uint64_t version = 0;
  read.required("format_version", version);
  if (version == 0) read.fail("format_version", "is 0, which never existed");
  if (version > Manifest::kFormatVersion) {
    throw StoreError({"read manifest", where,
                      "its format version is " + std::to_string(version) +
                          ", this program knows versions up to " +
                          std::to_string(Manifest::kFormatVersion),
                      "update snapshotter on this machine"});
  }
  return static_cast<int>(version);
}

void read_identity(const Reader& read, Manifest& manifest) {
  read.required("job", manifest.key.job);
  read.required("target", manifest.key.target);
  read.required("stamp", manifest.key.stamp);
  if (!is_valid_name(manifest.key.job)) read.fail("job", "is not a valid name");
  if (!is_valid_name(manifest.key.target)) read.fail("target", "is not a valid name");
  if (!is_valid_stamp(manifest.key.stamp)) read.fail("stamp", "is not a valid stamp");
  read.optional("snapshotter_version", manifest.snapshotter_version);
  read.optional("target_type", manifest.target_type);
  read.optional("run", manifest.run);
  read.optional("host", manifest.host);
  read.required("started_at", manifest.started);
  read.required("finished_at", manifest.finished);
}

void read_archive(const Reader& read, Manifest& manifest) {
  read.required("archive", manifest.archive);
  read.required("format", manifest.format);
  read.optional("level", manifest.level);
  read.optional("bytes_source", manifest.bytes_source);
  read.optional("bytes_tar", manifest.bytes_tar);
  read.required("bytes_stored", manifest.bytes_stored);
  read.optional("entries", manifest.entries);
  read.required("sha256", manifest.sha256);
  if (!is_sha256(manifest.sha256)) read.fail("sha256", "is not a SHA-256 in lower-case hex");
  read.optional("index", manifest.index);
  read.required("verified_at", manifest.verified);
}

void read_result(const Reader& read, Manifest& manifest) {
  read.required("state", manifest.state);
  read.optional("reasons", manifest.reasons);
  read.optional("warnings", manifest.warnings);
  read.optional("warning_count", manifest.warning_count);
  manifest.warning_count =
      std::max<std::uint64_t>(manifest.warning_count, manifest.warnings.size());
  json::object source;
  read.optional("source", source);
  manifest.source = json::serialize(source);
}

}  // namespace

std::string Manifest::to_json() const {
  const json::object document{
      {"format_version", format_version},
      {"snapshotter_version", text(snapshotter_version)},
      {"job", text(key.job)},
      {"target", text(key.target)},
      {"stamp", text(key.stamp)},
      {"target_type", text(target_type)},
      {"run", text(run)},
      {"host", text(host)},
      {"started_at", to_rfc3339(started)},
      {"finished_at", to_rfc3339(finished)},
      {"archive", text(archive)},
      {"format", text(format)},
      {"level", text(level)},
      {"bytes_source", bytes_source},
      {"bytes_tar", bytes_tar},
      {"bytes_stored", bytes_stored},
      {"entries", entries},
      {"sha256", text(sha256)},
      {"index", index_object(index)},
      {"verified_at", to_rfc3339(verified)},
      {"state", text(state)},
      {"reasons", reason_list(reasons)},
      {"warning_count", std::max<std::uint64_t>(warning_count, warnings.size())},
      {"warnings", warning_list(warnings)},
      {"source", source_object(source)},
  };
  std::string out;
  print(document, "", out);
  return out + "\n";
}

Manifest Manifest::from_json(std::string_view json_text, const std::string& where) {
  boost::system::error_code error;
  const json::value document = json::parse(json_text, error);
  if (error || !document.is_object()) {
    throw StoreError({"read manifest", where,
                      error ? "it is not JSON: " + error.message() : "it is not a JSON object",
                      "verify the archive by its checksum; the manifest was damaged or edited"});
  }
  const Reader read(document.get_object(), where);
  Manifest manifest;
  manifest.format_version = read_version(read, where);
  read_identity(read, manifest);
  read_archive(read, manifest);
  read_result(read, manifest);
  return manifest;
}

}  // namespace snapshotter::store

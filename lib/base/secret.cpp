#include "base/secret.hpp"

#include <algorithm>
#include <cstring>

namespace snapshotter {
namespace {

// Moving or clearing a short string leaves its characters in the object itself, so the whole
// capacity is overwritten, not only what size() still covers. explicit_bzero survives the
// optimiser.
void wipe_string(std::string& text) noexcept {
  text.resize(text.capacity());
  explicit_bzero(text.data(), text.size());
  text.clear();
}

bool is_scheme(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
  });
}

}  // namespace

Secret::Secret(std::string&& value) noexcept : value_(std::move(value)) { wipe_string(value); }

Secret::Secret(Secret&& other) noexcept : value_(std::move(other.value_)) { other.wipe(); }

Secret& Secret::operator=(const Secret& other) { return *this = Secret(other); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  value_ = std::move(other.value_);
  other.wipe();
  return *this;
}

Secret::~Secret() { wipe(); }

void Secret::wipe() noexcept { wipe_string(value_); }

std::string url_without_secrets(std::string_view url) {
  std::string shown;
  const std::size_t separator = url.find("://");
  if (separator != std::string_view::npos && is_scheme(url.substr(0, separator))) {
    shown = url.substr(0, separator + 3);
    url.remove_prefix(separator + 3);
  }
  const std::size_t authority_end = std::min(url.find_first_of("/?#"), url.size());
  // A password with a bare '/', '?' or '#' in it ends the authority early by the grammar of
  // RFC 3986; an '@' further on is the sign that this may have happened.
  if (url.find('@', authority_end) != std::string_view::npos) return shown + "…";
  const std::size_t at = url.substr(0, authority_end).rfind('@');
  if (at != std::string_view::npos) url.remove_prefix(at + 1);
  return shown.append(url.substr(0, url.find_first_of("?#")));
}

}  // namespace snapshotter

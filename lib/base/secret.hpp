// A value that must never be shown: a password, a token, a URL with one inside.
//
// It has no conversion to string and no stream operator; the one way to read it is reveal(), which
// a reviewer can search for. Its memory is overwritten when it dies, is moved from or assigned to.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace snapshotter {

class Secret {
 public:
  Secret() = default;
  explicit Secret(const std::string& value) : value_(value) {}
  explicit Secret(std::string&& value) noexcept;  // leaves nothing in `value`
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  [[nodiscard]] const std::string& reveal() const noexcept { return value_; }
  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  void wipe() noexcept;
  std::string value_;
};

// "https://user:pw@host/path?token=x" → "https://host/path": for errors and logs. A URL with an '@'
// behind its host may hold a password that was not percent-encoded: "https://…". The path is kept,
// so a service that puts its token there needs a Secret and no URL in messages at all.
[[nodiscard]] std::string url_without_secrets(std::string_view url);

}  // namespace snapshotter

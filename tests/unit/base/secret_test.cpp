#include "base/secret.hpp"

#include "base/text.hpp"
#include "support/catch.hpp"

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <sstream>
#include <type_traits>

namespace {

// What a secret leaves in the heap is seen at the moment its memory is given back.
std::string_view watched_for;
int sightings = 0;

void look_at(void* memory) noexcept {
  if (memory == nullptr || watched_for.empty()) return;
  const std::string_view bytes(static_cast<const char*>(memory), malloc_usable_size(memory));
  if (bytes.find(watched_for) != std::string_view::npos) ++sightings;
}

}  // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  // Zeroed, so that a block never shows what its last owner left there.
  return std::calloc(1, size == 0 ? 1 : size);
}
void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
  look_at(memory);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }

namespace snapshotter {
namespace {

const char* const kLong = "a passphrase that no small string holds in itself";
const char* const kShort = "hunter2!";
const char* const kTail = kShort + 2;  // what clear() alone would leave of it

template <class T, class = void>
constexpr bool kPrints = false;
template <class T>
constexpr bool
    kPrints<T, std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>> =
        true;

static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);
static_assert(kPrints<std::string>);
static_assert(!kPrints<Secret>);

// Runs `work` and counts the blocks freed meanwhile in which `text` could be read, but for the
// start that clear() overwrites.
template <class Work>
int leaks(const char* text, Work work) {
  sightings = 0;
  watched_for = text + 2;
  work();
  watched_for = {};
  return sightings;
}

TEST_CASE("a secret is read by reveal alone") {
  const Secret secret{std::string(kShort)};
  CHECK(secret.reveal() == kShort);
  CHECK_FALSE(secret.empty());
  CHECK(Secret{}.empty());
  CHECK(secret == Secret{std::string(kShort)});
  CHECK_FALSE(secret == Secret{std::string(kLong)});
}

TEST_CASE("secrets copy and move") {
  for (const char* text : {kShort, kLong}) {
    Secret first{std::string(text)};
    Secret copy(first);
    CHECK(copy == first);
    const Secret moved(std::move(copy));
    CHECK(moved.reveal() == text);
    CHECK(copy.empty());  // NOLINT(bugprone-use-after-move): being empty is the promise
    Secret assigned{std::string("another")};
    assigned = moved;
    CHECK(assigned == first);
    Secret& same = assigned;
    assigned = same;
    CHECK(assigned == first);
    assigned = std::move(same);
    CHECK(assigned == first);
    first = std::move(assigned);
    CHECK(first.reveal() == text);
    CHECK(assigned.empty());  // NOLINT(bugprone-use-after-move)
  }
}

TEST_CASE("the watch over freed memory sees an ordinary string") {
  CHECK(leaks(kLong, [] { const std::string plain(kLong); }) == 1);
}

TEST_CASE("a long secret leaves nothing in the heap") {
  CHECK(leaks(kLong, [] { const Secret secret{std::string(kLong)}; }) == 0);
  CHECK(leaks(kLong, [] {
          Secret secret{std::string(kLong)};
          secret = Secret{std::string("short")};
        }) == 0);
  CHECK(leaks(kLong, [] {
          Secret secret{std::string(kLong)};
          const Secret longer{std::string(300, 'x')};
          secret = longer;
        }) == 0);
  CHECK(leaks(kLong, [] {
          Secret secret{std::string(kLong)};
          const Secret taken(std::move(secret));
        }) == 0);
}

// The object's own bytes, where a short string lives.
struct Cell {
  alignas(Secret) unsigned char bytes[sizeof(Secret)] = {};

  template <class... Arguments>
  Secret* make(Arguments&&... arguments) {
    return ::new (static_cast<void*>(bytes)) Secret(std::forward<Arguments>(arguments)...);
  }
  [[nodiscard]] bool shows(std::string_view text) const {
    // Read as volatile: to the compiler the bytes of a dead object hold nothing.
    std::string copy(sizeof bytes, '\0');
    for (std::size_t i = 0; i < sizeof bytes; ++i) {
      copy[i] = static_cast<char>(static_cast<const volatile unsigned char&>(bytes[i]));
    }
    return copy.find(text) != std::string::npos;
  }
};

TEST_CASE("a short secret leaves nothing in the object") {
  Cell cell;
  Secret* secret = cell.make(std::string(kShort));
  REQUIRE(cell.shows(kTail));

  SECTION("when it dies") {
    secret->~Secret();
    CHECK_FALSE(cell.shows(kTail));
  }
  SECTION("when it is moved from") {
    const Secret taken(std::move(*secret));
    CHECK_FALSE(cell.shows(kTail));
    CHECK(taken.reveal() == kShort);
    secret->~Secret();
  }
  SECTION("when it is moved to another") {
    Secret other;
    other = std::move(*secret);
    CHECK_FALSE(cell.shows(kTail));
    secret->~Secret();
  }
  SECTION("when a shorter one takes its place") {
    *secret = Secret{std::string("x")};
    CHECK_FALSE(cell.shows(kTail));
    secret->~Secret();
  }
}

TEST_CASE("a short secret leaves nothing in the string it was made of") {
  std::string value(kShort);
  const Secret secret(std::move(value));
  // The characters would still stand behind the moved string's length.
  const volatile char* left = value.data();  // NOLINT(bugprone-use-after-move)
  std::string found;
  for (std::size_t i = 0; i < std::strlen(kShort); ++i) found += static_cast<char>(left[i]);
  CHECK(found.find(kTail) == std::string::npos);
  CHECK(secret.reveal() == kShort);
}

TEST_CASE("a URL is shown without user information, query and fragment") {
  CHECK(url_without_secrets("https://user:pw@host/path?token=x") == "https://host/path");
  CHECK(url_without_secrets("https://host:8443/path#part") == "https://host:8443/path");
  CHECK(url_without_secrets("https://token@host") == "https://host");
  CHECK(url_without_secrets("https://host?token=x") == "https://host");
  CHECK(url_without_secrets("http://[::1]:9090/api") == "http://[::1]:9090/api");
  CHECK(url_without_secrets("unix:///var/run/docker.sock") == "unix:///var/run/docker.sock");
  CHECK(url_without_secrets("postgresql://u:p@db:5432/app") == "postgresql://db:5432/app");
  CHECK(url_without_secrets("user:pw@host/path?x") == "host/path");
  CHECK(url_without_secrets("plain words") == "plain words");
  CHECK(url_without_secrets("").empty());
}

TEST_CASE("no part of a password shows however the URL is malformed") {
  for (const char* url :
       {"https://user:hun@ter@host/", "https://user:hun/ter@host/", "https://user:hun?ter@host/",
        "https://user:hun#ter@host/", "https://user:a@hun/ter@host/", "https://hun/ter@host",
        "https://user:hun://ter@host", "user:hun://ter@host", "hun/ter@host",
        "https://@hun/ter@host", "https://host/?hun=ter@host", "https://host/#hunter",
        "://hunter@host", "//hun:ter@host"}) {
    CAPTURE(url);
    const std::string shown = url_without_secrets(url);
    CAPTURE(shown);
    CHECK(shown.find("hun") == std::string::npos);
    CHECK(shown.find("ter") == std::string::npos);
    CHECK(printable(shown) == shown);
  }
}

}  // namespace
}  // namespace snapshotter

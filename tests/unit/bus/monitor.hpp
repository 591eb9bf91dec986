// What `busctl monitor` sees of the service.
#pragma once

#include "process.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace snapshotter::test {

struct Message {
  std::string type;  // "signal", "method_return", …
  std::string path, interface, member;
  boost::json::value data;  // an array of the arguments
};

// Blocking: used off the loop that serves.
class Monitor {
 public:
  // Returns once it hears.
  explicit Monitor(std::string address);
  // Every message of the service, or to it, up to an exchange that this call makes.
  std::vector<Message> heard();

 private:
  void exchange();

  std::string address_;
  Child busctl_;
  int exchanges_ = 0;
  std::vector<Message> messages_;
};

// Those PropertiesChanged of an object that have `property` in them.
[[nodiscard]] std::vector<boost::json::value> changes(const std::vector<Message>& messages,
                                                      const std::string& path,
                                                      const std::string& property);

}  // namespace snapshotter::test

#include "monitor.hpp"

#include <boost/json.hpp>

#include <stdexcept>

namespace snapshotter::test {
namespace {

std::string text_of(const boost::json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace

Monitor::Monitor(std::string address)
    : address_(std::move(address)),
      busctl_(
          Command{"busctl", "--address=" + address_, "--json=short", "monitor", "org.snapshotter1"},
          true) {
  // What it says when it has begun, on standard error.
  std::string line;
  if (!busctl_.read_line(line)) throw std::runtime_error("busctl does not monitor");
}

void Monitor::exchange() {
  run_command({"busctl", "--address=" + address_, "call", "org.snapshotter1",
               "/exchange/" + std::to_string(++exchanges_), "org.freedesktop.DBus.Peer", "Ping"});
}

std::vector<Message> Monitor::heard() {
  exchange();
  const auto marker = "/exchange/" + std::to_string(exchanges_);
  std::string line;
  std::string caller;
  while (busctl_.read_line(line)) {
    boost::json::error_code error;
    const auto value = boost::json::parse(line, error);
    if (error || !value.is_object()) continue;
    const auto& object = value.as_object();
    const auto type = text_of(object, "type");
    if (text_of(object, "path") == marker) caller = text_of(object, "sender");
    // The service sends in order: what it sent before this answer has been heard.
    if (type == "method_return" && !caller.empty() && text_of(object, "destination") == caller) {
      return std::exchange(messages_, {});
    }
    Message message{
        type, text_of(object, "path"), text_of(object, "interface"), text_of(object, "member"), {}};
    if (const auto* payload = object.if_contains("payload")) {
      message.data = payload->as_object().at("data");
    }
    messages_.push_back(std::move(message));
  }
  throw std::runtime_error("busctl has stopped monitoring");
}

std::vector<boost::json::value> changes(const std::vector<Message>& messages,
                                        const std::string& path, const std::string& property) {
  std::vector<boost::json::value> values;
  for (const auto& message : messages) {
    if (message.member != "PropertiesChanged" || message.path != path) continue;
    const auto& properties = message.data.as_array().at(1).as_object();
    if (const auto* changed = properties.if_contains(property)) {
      values.push_back(changed->as_object().at("data"));
    }
  }
  return values;
}

}  // namespace snapshotter::test

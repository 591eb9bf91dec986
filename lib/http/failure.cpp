#include "http/failure.hpp"

#include <cerrno>
#include <utility>

namespace snapshotter::http {
namespace {

using Step = HttpError::Step;

const char* doing(Step step) {
  switch (step) {
    case Step::resolve:
      return "find the address of";
    case Step::connect:
      return "connect to";
    case Step::tls:
      return "connect securely to";
    case Step::send:
      return "send a request to";
    case Step::receive:
    case Step::stalled:
      return "get an answer from";
    case Step::protocol:
    case Step::limit:
      break;
  }
  return "take the answer of";
}

bool may_help_to_retry(Step step) {
  return step != Step::tls && step != Step::protocol && step != Step::limit;
}

std::string advice_for(const std::string& origin, int error_number) {
  switch (error_number) {
    case ECONNREFUSED:
      return "is the service running there?";
    case ENOENT:
      return "no such socket; is the service running, and is the path right?";
    case EACCES:
    case EPERM:
      return origin.starts_with("unix:") ? "let the service's user into the socket's group"
                                         : "look at the firewall";
    case ENETUNREACH:
    case EHOSTUNREACH:
      return "is the network up, and the host in it?";
    default:
      return {};
  }
}

}  // namespace

HttpError failure(Step step, std::string origin, std::string why, std::string advice,
                  int error_number) {
  return HttpError(step, {doing(step), std::move(origin), std::move(why), std::move(advice),
                          may_help_to_retry(step), error_number});
}

HttpError system_failure(Step step, std::string origin, int error_number) {
  std::string advice = step == Step::connect ? advice_for(origin, error_number) : "";
  return failure(step, std::move(origin), error_text(error_number), std::move(advice),
                 error_number);
}

}  // namespace snapshotter::http

#include "target/postgresql/container_words.hpp"

#include <cerrno>

namespace snapshotter::target::postgresql {
namespace {

using Status = ContainerState::Status;

struct Words {
  std::string why;
  std::string advice;
  bool retryable = false;
};

Words words_of(const ContainerState& state, const std::string& name, const std::string& program) {
  switch (state.status) {
    case Status::paused:
      return {"the container is paused", "resume it: " + program + " unpause " + name};
    case Status::restarting:
      return {"the container is just being restarted, again and again perhaps",
              "see why: " + program + " logs " + name, true};
    case Status::exited:
      return {"the container is stopped (exit code " + std::to_string(state.exit_code) + ")",
              "start it: " + program + " start " + name};
    case Status::dead:
      return {"the container is dead: the engine could not remove it as a whole",
              "remove it: " + program + " rm -f " + name + ", and create it anew"};
    case Status::created:
      return {"the container was created but never started",
              "start it: " + program + " start " + name};
    case Status::absent:
      return {"there is no such container", "see " + program + " ps -a and correct 'container'"};
    default:
      return {"the container is not running", "look at it: " + program + " inspect " + name};
  }
}

Error::Parts parts(const ExecSubject& subject, Words words) {
  return {subject.doing, subject.container, std::move(words.why), std::move(words.advice),
          words.retryable};
}

std::string path_of(const std::string& engine) {
  constexpr std::string_view kScheme = "unix://";
  return engine.starts_with(kScheme) ? engine.substr(kScheme.size()) : std::string();
}

Words words_of_connect(const http::HttpError& error, const std::string& engine) {
  const auto socket = path_of(engine);
  const std::string start = "is the container engine running? systemctl status docker";
  switch (error.error_number()) {
    case ENOENT:
      return {"the container engine has no socket at " + socket,
              start + "; for a socket elsewhere set 'engine'", true};
    case ECONNREFUSED:
      return {"nothing listens at " + engine, start, true};
    case EACCES:
    case EPERM:
      return {"no permission to use the container engine's socket " + socket,
              "in a drop-in (systemctl edit snapshotterd) give the service the socket's group: "
              "SupplementaryGroups=docker; know that this group has root's power over the machine"};
    default:
      return {"the container engine at " + engine + " can't be reached: " + error.why(),
              error.advice().empty() ? start : error.advice(), error.retryable()};
  }
}

}  // namespace

Error::Parts not_running(const ExecSubject& subject, const ContainerState& state,
                         const std::string& engine_program) {
  return parts(subject, words_of(state, subject.container, engine_program));
}

std::optional<Error::Parts> what_happened(const ExecSubject& subject, const ContainerState& before,
                                          const ContainerState& now,
                                          const std::string& engine_program) {
  const auto look = "see why: " + engine_program + " logs " + subject.container;
  if (now.status == Status::absent)
    return parts(subject, {"the container was removed meanwhile", look, true});
  if (now.status == Status::paused)
    return parts(subject, {"the container was paused meanwhile",
                           "resume it: " + engine_program + " unpause " + subject.container});
  if (now.out_of_memory && now.status != Status::running)
    return parts(subject, {"the container was stopped meanwhile for using more memory than it may",
                           "give it more: " + engine_program + " update --memory", true});
  if (now.status != Status::running)
    return parts(subject, {"the container was stopped meanwhile (exit code " +
                               std::to_string(now.exit_code) + ")",
                           look, true});
  if (now.started_at != before.started_at)
    return parts(subject, {"the container was restarted meanwhile", look, true});
  return std::nullopt;
}

Error::Parts engine_silent(const ExecSubject& subject, const http::HttpError& error,
                           const std::string& engine) {
  if (error.step() == http::HttpError::Step::connect)
    return parts(subject, words_of_connect(error, engine));
  return parts(subject, {"the container engine at " + engine + " does not answer: " + error.why(),
                         error.advice(), error.retryable()});
}

}  // namespace snapshotter::target::postgresql

#include "bus/wire.hpp"

#include "base/text.hpp"
#include "bus/service.hpp"

#include <algorithm>
#include <array>

namespace snapshotter::bus {
namespace {

// What a lead byte promises: how many bytes, which bits of it count, the least code point that
// needs so many.
struct Form {
  std::size_t length;
  unsigned char mask;
  char32_t least;
};

Form form_of(unsigned char lead) {
  if (lead < 0x80) return {1, 0x7F, 1};
  if ((lead & 0xE0U) == 0xC0) return {2, 0x1F, 0x80};
  if ((lead & 0xF0U) == 0xE0) return {3, 0x0F, 0x800};
  if ((lead & 0xF8U) == 0xF0) return {4, 0x07, 0x10000};
  return {0, 0, 0};
}

// As sd-bus and libdbus see it.
bool is_allowed(char32_t point) {
  const bool surrogate = point >= 0xD800 && point < 0xE000;
  const bool noncharacter = (point & 0xFFFEU) == 0xFFFE || (point >= 0xFDD0 && point <= 0xFDEF);
  return point < 0x110000 && !surrogate && !noncharacter;
}

// The length of the character that `text` begins with; 0: it is none.
std::size_t character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const auto form = form_of(lead);
  if (form.length == 0 || form.length > text.size()) return 0;
  char32_t point = lead & form.mask;
  for (const char next : text.substr(1, form.length - 1)) {
    const auto byte = static_cast<unsigned char>(next);
    if ((byte & 0xC0U) != 0x80) return 0;
    point = (point << 6U) | (byte & 0x3FU);
  }
  return point >= form.least && is_allowed(point) ? form.length : 0;
}

std::size_t good_prefix(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size()) {
    const auto length = character(text.substr(end));
    if (length == 0) break;
    end += length;
  }
  return end;
}

}  // namespace

std::uint64_t micros(std::optional<Time> time) {
  return time ? static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_unix_micros(*time))) : 0;
}

std::string utf8(std::string text) {
  std::string_view rest = text;
  auto end = good_prefix(rest);
  if (end == rest.size()) return text;
  std::string fit;
  for (;;) {
    fit += rest.substr(0, end);
    rest.remove_prefix(end);
    if (rest.empty()) return fit;
    fit += "\uFFFD";
    rest.remove_prefix(1);
    end = good_prefix(rest);
  }
}

JobRow job_row(const engine::JobStatus& job) {
  const auto& spec = *job.spec;
  return JobRow{utf8(spec.name),
                spec.schedule ? utf8(spec.schedule->text()) : "",
                utf8(spec.timezone.name()),
                micros(job.next),
                last_run_of(job),
                last_state_of(job),
                sdbus::ObjectPath(job_path(spec.name))};
}

RunRow run_row(const catalog::RunRecord& run) {
  return RunRow{utf8(run.id),
                utf8(run.job),
                std::string(name(run.state)),
                micros(run.queued),
                micros(run.started),
                micros(run.finished),
                sdbus::ObjectPath(run_path(run.id))};
}

BackupRow backup_row(const catalog::BackupRecord& backup) {
  return BackupRow{utf8(backup.id),
                   utf8(backup.job),
                   utf8(backup.target),
                   micros(backup.taken),
                   backup.bytes_stored,
                   backup.bytes_source,
                   backup.verified.has_value() && backup.verify_error.empty()};
}

PruneRow prune_row(const retention::Decision& decision) {
  return PruneRow{utf8(decision.id), utf8(join(decision.reasons, ", "))};
}

Dictionary result_dictionary(const catalog::TargetResult& result) {
  using sdbus::Variant;
  return {{"target", Variant(utf8(result.target))},
          {"state", Variant(std::string(name(result.state)))},
          {"error", Variant(utf8(result.error))},
          {"attempts", Variant(result.attempts)},
          {"backup", Variant(utf8(result.backup))},
          {"bytes_source", Variant(result.bytes_source)},
          {"bytes_stored", Variant(result.bytes_stored)},
          {"entries", Variant(result.entries)},
          {"warnings", Variant(result.warnings)},
          {"started", Variant(micros(result.started))},
          {"finished", Variant(micros(result.finished))}};
}

catalog::RunState state_of(const engine::Run& run) {
  return run.finished() && !run.record.finished ? catalog::RunState::running : run.record.state;
}

std::uint64_t last_run_of(const engine::JobStatus& job) {
  if (!job.last_run) return 0;
  return micros(job.last_run->started ? job.last_run->started : job.last_run->queued);
}

std::string last_state_of(const engine::JobStatus& job) {
  return job.last_run ? std::string(name(job.last_run->state)) : "";
}

}  // namespace snapshotter::bus

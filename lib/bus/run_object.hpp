// Inside lib/bus only: /org/snapshotter1/run/ID.
#pragma once

#include "bus/calls.hpp"
#include "bus/wire.hpp"

#include <org_snapshotter1_adaptor.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace snapshotter::bus {

// Progress is told no more often than this.
inline constexpr Duration kProgressInterval = std::chrono::milliseconds{250};
// Results beyond this many are only in the documents: a run that verifies has one per backup, and a
// property has to fit into a message.
inline constexpr std::size_t kMaxResults = 500;

// One run in the engine's memory. Loop thread only.
class RunObject final : public sdbus::AdaptorInterfaces<org::snapshotter1::Run_adaptor,
                                                        sdbus::ManagedObject_adaptor> {
 public:
  RunObject(sdbus::IConnection& connection, engine::Engine& engine, Calls& calls,
            std::shared_ptr<const engine::Run> run);
  ~RunObject();

  // Emits PropertiesChanged for what is not as it was last told. A new State is told at once and
  // with all that changed; anything else waits until kProgressInterval has passed since the last
  // time. False: the run is over and all of it has been told.
  bool tell_changes(Steady now);

 private:
  void Cancel(sdbus::Result<>&& result) override;

  std::string Id() override;
  std::string Job() override;
  std::string State() override;
  std::string Phase() override;
  std::uint64_t QueuedAt() override;
  std::uint64_t StartedAt() override;
  std::uint64_t FinishedAt() override;
  std::uint64_t BytesRead() override;
  std::uint64_t BytesWritten() override;
  std::uint64_t BytesTotal() override;
  std::vector<Dictionary> Results() override;

  struct Told {
    catalog::RunState state = catalog::RunState::queued;
    std::string phase;
    std::uint64_t started = 0, finished = 0;
    engine::Run::Totals totals;
    std::vector<catalog::TargetResult> results;
  };
  [[nodiscard]] Told current() const;
  [[nodiscard]] std::vector<compat::PropertyName> changed(const Told& now) const;

  engine::Engine& engine_;
  Calls& calls_;
  std::shared_ptr<const engine::Run> run_;
  Told told_;
  std::optional<Steady> told_at_;
};

}  // namespace snapshotter::bus

// Inside lib/bus only: /org/snapshotter1/job/NAME.
#pragma once

#include "bus/calls.hpp"
#include "bus/wire.hpp"

#include <org_snapshotter1_adaptor.hpp>

#include <string>
#include <vector>

namespace snapshotter::bus {

// One configured job; a reload that keeps its name keeps the object. Loop thread only.
class JobObject final : public sdbus::AdaptorInterfaces<org::snapshotter1::Job_adaptor,
                                                        sdbus::ManagedObject_adaptor> {
 public:
  JobObject(sdbus::IConnection& connection, engine::Engine& engine, Calls& calls, std::string name);
  ~JobObject();

  // Emits PropertiesChanged for what is not as it was last told.
  void tell_changes();

 private:
  void Trigger(sdbus::Result<sdbus::ObjectPath>&& result) override;

  std::string Name() override;
  std::string Schedule() override;
  std::string TimeZone() override;
  std::vector<std::string> Targets() override;
  std::uint64_t NextRun() override;
  std::uint64_t LastRun() override;
  std::string LastState() override;
  std::uint64_t LastGoodBackup() override;

  struct Told {
    std::string schedule, time_zone;
    std::vector<std::string> targets;
    std::uint64_t next_run = 0, last_run = 0;
    std::string last_state;
    std::uint64_t last_good_backup = 0;
  };
  // Nothing of all that when the job has just left the configuration.
  [[nodiscard]] Told current() const;

  engine::Engine& engine_;
  Calls& calls_;
  std::string name_;
  Told told_;
};

}  // namespace snapshotter::bus

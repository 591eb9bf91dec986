# What `cmake --install` puts where. Configuration belongs into /etc whatever the prefix: that is where the
# daemon looks.
set(CMAKE_INSTALL_FULL_SYSCONFDIR /etc)
if(TARGET snapshotctl)
  install(TARGETS snapshotterd snapshotctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

configure_file(systemd/snapshotterd.service.in systemd/snapshotterd.service @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/systemd/snapshotterd.service DESTINATION lib/systemd/system)
install(FILES systemd/org.snapshotter1.service DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system-services)
install(FILES systemd/org.snapshotter1.policy DESTINATION ${CMAKE_INSTALL_DATADIR}/polkit-1/actions)
install(FILES systemd/50-org.snapshotter1.rules DESTINATION ${CMAKE_INSTALL_DATADIR}/polkit-1/rules.d)
install(FILES lib/bus/org.snapshotter1.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/interfaces)
# The bus reads policies below /usr/share and /etc only.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  install(FILES systemd/org.snapshotter1.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system.d)
else()
  install(FILES systemd/org.snapshotter1.conf DESTINATION /etc/dbus-1/system.d)
endif()
install(FILES etc/snapshotterd.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/snapshotterd/examples)
install(FILES lib/notify/event.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/snapshotterd)

# The configuration may hold passwords: only its owner reads it. An existing one is never replaced.
install(CODE "
  set(target \"\$ENV{DESTDIR}${CMAKE_INSTALL_FULL_SYSCONFDIR}/snapshotterd/snapshotterd.yaml\")
  if(NOT EXISTS \"\${target}\")
    file(INSTALL \"${CMAKE_SOURCE_DIR}/etc/snapshotterd.yaml\"
      DESTINATION \"${CMAKE_INSTALL_FULL_SYSCONFDIR}/snapshotterd\"
      PERMISSIONS OWNER_READ OWNER_WRITE)
  endif()")

install(FILES packaging/completions/snapshotctl.bash RENAME snapshotctl
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES packaging/completions/_snapshotctl
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES packaging/completions/snapshotctl.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# What `cmake --install` puts where; the packages are made from it. Configuration belongs into /etc whatever
# the prefix: that is where the daemon looks.
set(CMAKE_INSTALL_FULL_SYSCONFDIR /etc)
if(TARGET snapshotctl)
  install(TARGETS snapshotterd snapshotctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# Where a distribution keeps its units is systemd's to say: Debian 12 has them in /lib, later ones in
# /usr/lib. Elsewhere, as in /usr/local, lib is right.
set(unit_dir lib/systemd/system)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  pkg_get_variable(systemd_unit_dir systemd systemd_system_unit_dir)
  if(systemd_unit_dir)
    set(unit_dir ${systemd_unit_dir})
  endif()
endif()
configure_file(systemd/snapshotterd.service.in systemd/snapshotterd.service @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/systemd/snapshotterd.service DESTINATION ${unit_dir})
install(FILES systemd/snapshotterd.sysusers.conf DESTINATION lib/sysusers.d RENAME snapshotterd.conf)
install(FILES systemd/snapshotterd.tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME snapshotterd.conf)
install(FILES systemd/snapshotterd.catalog DESTINATION lib/systemd/catalog)
install(FILES systemd/org.snapshotter1.service DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system-services)
install(FILES lib/bus/org.snapshotter1.xml DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/interfaces)
# Bus and polkit look below /usr/share and /etc only, and for actions only in the first.
install(FILES systemd/org.snapshotter1.policy DESTINATION /usr/share/polkit-1/actions)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  install(FILES systemd/org.snapshotter1.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system.d)
  install(FILES systemd/50-org.snapshotter1.rules DESTINATION ${CMAKE_INSTALL_DATADIR}/polkit-1/rules.d)
else()
  install(FILES systemd/org.snapshotter1.conf DESTINATION /etc/dbus-1/system.d)
  install(FILES systemd/50-org.snapshotter1.rules DESTINATION /etc/polkit-1/rules.d)
endif()
install(FILES etc/snapshotterd.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/snapshotterd/examples)
install(FILES lib/notify/event.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/snapshotterd)

# The configuration may say where passwords are: root and the daemon read it, nobody else (tmpfiles.d sees to
# the group). An existing one is never replaced.
set(private_folder OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE)
install(DIRECTORY DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/snapshotterd/conf.d
        DIRECTORY_PERMISSIONS ${private_folder})
install(CODE "
  set(folder \"${CMAKE_INSTALL_FULL_SYSCONFDIR}/snapshotterd\")
  file(CHMOD \"\$ENV{DESTDIR}\${folder}\" PERMISSIONS ${private_folder})
  if(NOT EXISTS \"\$ENV{DESTDIR}\${folder}/snapshotterd.yaml\")
    file(INSTALL \"${CMAKE_SOURCE_DIR}/etc/snapshotterd.yaml\" DESTINATION \"\${folder}\"
      PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
  endif()")

add_subdirectory(packaging/man)

install(FILES packaging/completions/snapshotctl.bash RENAME snapshotctl
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES packaging/completions/_snapshotctl
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES packaging/completions/snapshotctl.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# What packages do in their scripts.
install(CODE "
  if(\"\$ENV{DESTDIR}\" STREQUAL \"\")
    message(STATUS \"Next, as root: systemd-sysusers; systemd-tmpfiles --create; journalctl --update-catalog; \"
      \"systemctl daemon-reload; systemctl enable --now snapshotterd\")
  endif()")

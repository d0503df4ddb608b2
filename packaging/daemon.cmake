# SPDX-License-Identifier: MIT
# Package exitledger.
set(ENABLED_UNITS "exitledger.socket exitledger.service")
set(OTHER_UNITS "")
file(GLOB units RELATIVE ${CMAKE_SOURCE_DIR}/systemd CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/systemd/*.service ${CMAKE_SOURCE_DIR}/systemd/*.socket)
foreach(unit ${units})
  install(FILES ${CMAKE_SOURCE_DIR}/systemd/${unit} DESTINATION usr/lib/systemd/system COMPONENT daemon)
  if(NOT " ${ENABLED_UNITS} " MATCHES " ${unit} ")
    string(APPEND OTHER_UNITS " ${unit}")
  endif()
endforeach()
string(STRIP "${OTHER_UNITS}" OTHER_UNITS)
foreach(script postinst prerm postrm)
  configure_file(exitledger/${script}.in exitledger/${script} @ONLY FILE_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endforeach()
file(WRITE ${made}/exitledger/conffiles "/etc/exitledger/exitledger.yml\n")

install(TARGETS exitledger DESTINATION usr/bin COMPONENT daemon)
install(FILES ${CMAKE_SOURCE_DIR}/systemd/exitledger.sysusers DESTINATION usr/lib/sysusers.d RENAME exitledger.conf COMPONENT daemon)
install(FILES exitledger/exitledger.yml DESTINATION etc/exitledger COMPONENT daemon)
install(FILES ${made}/bash/exitledger DESTINATION usr/share/bash-completion/completions COMPONENT daemon)
install(FILES ${made}/zsh/exitledger DESTINATION usr/share/zsh/vendor-completions RENAME _exitledger COMPONENT daemon)
foreach(page ${pages})
  if(NOT page MATCHES "^exitledger-guest")
    string(REGEX MATCH "[15]$" section ${page})
    install(FILES ${made}/man/${page}.gz DESTINATION usr/share/man/man${section} COMPONENT daemon)
  endif()
endforeach()

set(dashboards ${CMAKE_SOURCE_DIR}/dashboards)
file(GLOB boards CONFIGURE_DEPENDS ${dashboards}/*.json)
install(FILES ${boards} DESTINATION usr/share/exitledger/dashboards COMPONENT daemon)
install(FILES ${dashboards}/provisioning/exitledger.yaml DESTINATION usr/share/exitledger/provisioning COMPONENT daemon)
install(FILES ${dashboards}/rules/exitledger.rules.yml DESTINATION usr/share/exitledger/rules COMPONENT daemon)

install(FILES ${dashboards}/README.md DESTINATION ${doc}/exitledger RENAME dashboards.md COMPONENT daemon)
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/docs/install.md ${CMAKE_SOURCE_DIR}/docs/metrics.md
  ${CMAKE_SOURCE_DIR}/docs/certificates.md ${CMAKE_SOURCE_DIR}/docs/configuration.md ${CMAKE_SOURCE_DIR}/docs/web-config.md
  DESTINATION ${doc}/exitledger COMPONENT daemon)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs/runbooks DESTINATION ${doc}/exitledger COMPONENT daemon)
install(FILES ${made}/changelog.gz DESTINATION ${doc}/exitledger COMPONENT daemon)
package_documents(exitledger daemon)

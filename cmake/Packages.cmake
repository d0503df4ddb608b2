# SPDX-License-Identifier: MIT
# The .debs that CPack makes of packaging/: tools/package.sh.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME exitledger)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "exitledger maintainers <maintainers@exitledger.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
# Each package has a summary of its own: the first line of its description.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL daemon guest dkms)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SOURCE exitledger)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
add_subdirectory(packaging)

set(CPACK_DEBIAN_DAEMON_PACKAGE_NAME exitledger)
set(CPACK_DEBIAN_DAEMON_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_DAEMON_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DAEMON_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
# No more than a suggestion: it replaces the KVM of every VM on the machine.
set(CPACK_DEBIAN_DAEMON_PACKAGE_SUGGESTS "exitledger-kvm-dkms, prometheus, jq")
set(CPACK_COMPONENT_DAEMON_DESCRIPTION "VM exits in two books, cross-checked, for Prometheus
exitledger counts the VM exits of a KVM host by reason with eBPF and compares
the counts, to the last exit, with those that a patched KVM keeps and shows
through CPUID leaf 0x4FFFFFFE. It says where both do not balance and exports
both to Prometheus, for nested and for shadow paging.

The patched KVM is in exitledger-kvm-dkms; without it this is an eBPF
exporter. Dashboards for Grafana and rules for Prometheus are included.")
set(scripts ${CMAKE_BINARY_DIR}/packaging/exitledger)
set(CPACK_DEBIAN_DAEMON_PACKAGE_CONTROL_EXTRA ${scripts}/postinst ${scripts}/prerm ${scripts}/postrm ${scripts}/conffiles)

set(CPACK_DEBIAN_GUEST_PACKAGE_NAME exitledger-guest)
set(CPACK_DEBIAN_GUEST_PACKAGE_SECTION admin)
set(CPACK_COMPONENT_GUEST_DESCRIPTION "reader of a patched KVM's VM exit counts, for use in guests
exitledger-guest shows a guest's own VM exits by reason, as a KVM with the
exitledger series counts them and answers through CPUID leaves. It is one
static program and needs no privilege.")

set(CPACK_DEBIAN_DKMS_PACKAGE_NAME exitledger-kvm-dkms)
set(CPACK_DEBIAN_DKMS_PACKAGE_SECTION kernel)
set(CPACK_DEBIAN_DKMS_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DKMS_PACKAGE_DEPENDS
  "dkms (>= 3.0.10), ${KVM_SOURCES}, binutils, dwarves (>= 1.22), kmod, lz4, make, openssl, patch, xz-utils, zstd")
# No linux-headers: apt would take the first of several, whatever the running kernel is. update-modules names those that
# are missing. The compiler comes with them.
set(CPACK_DEBIAN_DKMS_PACKAGE_SUGGESTS exitledger)
set(CPACK_COMPONENT_DKMS_DESCRIPTION "KVM that counts VM exits by reason (DKMS)
The source of a patch series for KVM, and what builds kvm.ko, kvm-intel.ko and
kvm-amd.ko with it for each installed Debian kernel of a supported line. The
modules take the place of the kernel's own until this package is removed.

The patched KVM counts VM exits by reason and answers CPUID leaves 0x4FFFFFFC
to 0x4FFFFFFF with the counts. Nothing that is loaded is unloaded: the modules
are used from the next load of kvm.ko.")
set(scripts ${CMAKE_BINARY_DIR}/packaging/exitledger-kvm-dkms)
set(CPACK_DEBIAN_DKMS_PACKAGE_CONTROL_EXTRA ${scripts}/postinst ${scripts}/prerm ${scripts}/triggers ${scripts}/conffiles)
include(CPack)

# cpack makes a .deb and an .rpm of what `cmake --install` installs below /usr.
#
#   cmake --preset release && cmake --build --preset release && (cd build/release && cpack)
set(CPACK_GENERATOR DEB RPM)
set(CPACK_PACKAGE_NAME causeway)
set(CPACK_PACKAGE_CONTACT "Causeway's maintainers <maintainers@causeway.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_DESCRIPTION
    "causewayd keeps the permissions and event routes between two AWS accounts as one YAML file says,
and takes each model that a pipeline in the first releases to an endpoint in the second, or back to
the last one that worked. causewayctl is its operator's tool.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)

set(scripts ${CMAKE_CURRENT_SOURCE_DIR}/package)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${scripts}/postinst ${scripts}/prerm ${scripts}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
set(CPACK_RPM_PACKAGE_REQUIRES "systemd, ca-certificates")
set(CPACK_RPM_POST_INSTALL_SCRIPT_FILE ${scripts}/rpm-post)
set(CPACK_RPM_PRE_UNINSTALL_SCRIPT_FILE ${scripts}/rpm-preun)
set(CPACK_RPM_POST_UNINSTALL_SCRIPT_FILE ${scripts}/rpm-postun)
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /etc /usr/sbin /usr/bin /usr/lib /usr/lib/systemd /usr/lib/systemd/system /usr/lib/systemd/catalog
    /usr/lib/sysusers.d /usr/share /usr/share/man /usr/share/man/man1 /usr/share/man/man5
    /usr/share/man/man8 /usr/share/doc /usr/share/bash-completion
    /usr/share/bash-completion/completions /usr/share/zsh /usr/share/zsh/vendor-completions)
include(CPack)

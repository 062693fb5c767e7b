# Installs the libraries, the headers, the CMake package `fenchi` and fenchi.pc.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/fenchi)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/fenchi DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
if(FENCHI_BUILD_SHARED)
  install(TARGETS fenchi_shared EXPORT fenchiSharedTargets)
  install(EXPORT fenchiSharedTargets NAMESPACE fenchi:: DESTINATION ${package_dir})
endif()
install(TARGETS fenchi_static EXPORT fenchiStaticTargets)
install(EXPORT fenchiStaticTargets NAMESPACE fenchi:: DESTINATION ${package_dir})

# Optional parts: what libfenchi.a needs besides.
list(JOIN FENCHI_OPTIONAL_MODULES " " config_optional)
set(pc_optional "")
foreach(module ${FENCHI_OPTIONAL_MODULES})
  string(APPEND pc_optional " lib${module}")
endforeach()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/fenchiConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/fenchiConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
# A minor version of 0.x may change the interface: 0.1.z fits 0.1.y only.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/fenchiConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/fenchiConfig.cmake ${PROJECT_BINARY_DIR}/fenchiConfigVersion.cmake
        DESTINATION ${package_dir})

# fenchi.pc finds its own prefix, so that an installed tree can be moved or staged by DESTDIR.
file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pc_prefix ${pc_prefix})
# By name, not in Requires: libcurl's own list names packages that only its static library needs.
set(pc_http_libs "")
if(FENCHI_HAS_HTTP)
  set(pc_http_libs " -lcurl -lpugixml")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/fenchi.pc.in ${PROJECT_BINARY_DIR}/fenchi.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/fenchi.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

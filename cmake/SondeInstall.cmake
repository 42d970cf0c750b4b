# sonde::sonde, the library as one target: libsonde.so where it is built (it is what the installed CMake package offers;
# who links it needs none of sonde's dependencies), else the folders' static libraries. Annotation and training are in the
# program alone.

get_property(folder_libraries GLOBAL PROPERTY SONDE_LIBRARIES)
list(REMOVE_ITEM folder_libraries sonde_cli sonde_model sonde_annotate sonde_train sonde_server)
get_property(dependencies GLOBAL PROPERTY SONDE_DEPENDENCIES)
list(REMOVE_DUPLICATES dependencies)
list(REMOVE_ITEM dependencies sonde_torch SQLiteCpp Boost::boost "")  # they are in the plugin and the program

# What is promised to users of the library: none of these needs another library.
set(public_headers
  core/bytes.h core/durable_file.h core/error.h core/leftovers.h core/progress.h core/threads.h
  core/fields.h imaging/answer_rule.h imaging/cropped_mask.h imaging/geometry.h imaging/image_geometry.h imaging/mask_set.h imaging/picture.h imaging/prompt.h
  imaging/regions.h imaging/rle.h imaging/scored_mask.h imaging/slice.h imaging/volume.h imaging/window.h
  io/label_map.h io/read.h io/write.h
  predict/embedding_store.h predict/everything.h predict/predictor.h predict/preprocess.h predict/sam_model.h
  weights/model_card.h weights/registry.h)
foreach(header ${public_headers})
  file(STRINGS ${PROJECT_SOURCE_DIR}/src/sonde/${header} includes REGEX "^#include \"sonde/")
  foreach(include ${includes})
    string(REGEX REPLACE ".*\"sonde/([^\"]*)\".*" "\\1" include "${include}")
    if(NOT include IN_LIST public_headers)
      message(FATAL_ERROR "${header}, which is installed, includes ${include}, which is not")
    endif()
  endforeach()
endforeach()
list(TRANSFORM public_headers PREPEND ${PROJECT_SOURCE_DIR}/src/sonde/)

if(SONDE_SHARED_LIBRARY)
  add_library(sonde_whole SHARED)
  foreach(library ${folder_libraries})
    target_sources(sonde_whole PRIVATE $<TARGET_OBJECTS:${library}>)
  endforeach()
  target_link_libraries(sonde_whole PRIVATE ${dependencies} sonde_flags)
  target_sources(sonde_whole PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${public_headers})
  target_compile_features(sonde_whole INTERFACE cxx_std_20)
  set_target_properties(sonde_whole PROPERTIES OUTPUT_NAME sonde EXPORT_NAME sonde LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION}
                        SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
                        INSTALL_RPATH_USE_LINK_PATH ON
                        VERIFY_INTERFACE_HEADER_SETS ${SONDE_DEVELOPER})
  add_library(sonde::sonde ALIAS sonde_whole)

  include(CMakePackageConfigHelpers)
  set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/sonde)
  write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/sondeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(TARGETS sonde_whole EXPORT sonde FILE_SET HEADERS)
  install(EXPORT sonde NAMESPACE sonde:: FILE sondeConfig.cmake DESTINATION ${package_folder})
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/sondeConfigVersion.cmake DESTINATION ${package_folder})
else()
  add_library(sonde_whole INTERFACE)
  target_link_libraries(sonde_whole INTERFACE ${folder_libraries})
  add_library(sonde::sonde ALIAS sonde_whole)
endif()
set_target_properties(sonde_program PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS sonde_program)

add_subdirectory(examples EXCLUDE_FROM_ALL)

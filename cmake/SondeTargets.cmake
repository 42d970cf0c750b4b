# sonde_library(FOLDER LINKS ...): the library of one folder of src/sonde, and its tests.
# Sources are every *.cc of the folder but those of EXCEPT; *_test.cc go to the folder's test program, prefixed with its
# name, those of TORCH_TESTS to one of their own: LibTorch takes half a second at each start. LIGHT are sources that read,
# check, write and report but work on no pixels: a release compiles them at -O1, which takes two thirds of the time and is
# not slower to notice; "*" are all. Tests are labelled with their folder and with fast or slow; SLOW_TESTS are suites, as
# GoogleTest filters name them: they take every core, and are left out where a sanitizer would slow them.

add_library(sonde_flags INTERFACE)
target_compile_options(sonde_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12's bug 105651: "literal" + std::string. The other two where <string> comes precompiled.
  target_compile_options(sonde_flags INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
endif()
if(SONDE_DEVELOPER)
  target_compile_options(sonde_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
  target_compile_definitions(sonde_flags INTERFACE _GLIBCXX_ASSERTIONS)
endif()
if(SONDE_SANITIZE)
  # GCC warns of what is sound where it instruments, and advises against -Werror with it.
  target_compile_options(sonde_flags INTERFACE -fsanitize=${SONDE_SANITIZE} -fno-omit-frame-pointer -Wno-error)
  target_link_options(sonde_flags INTERFACE -fsanitize=${SONDE_SANITIZE})
endif()

set(sanitizer_options ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:check_initialization_order=1
                      UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1)

set_property(GLOBAL PROPERTY SONDE_LIBRARIES "")     # of the folders
set_property(GLOBAL PROPERTY SONDE_DEPENDENCIES "")  # what they link besides each other

if(SONDE_TESTS)
  add_custom_target(sonde_tests)  # every test program
endif()

function(sonde_library folder)
  cmake_parse_arguments(arg "" "" "LINKS;PRIVATE_LINKS;EXCEPT;LIGHT;TEST_LINKS;TORCH_TESTS;SLOW_TESTS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc */*.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc */*_test.cc)
  list(TRANSFORM arg_EXCEPT PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  list(TRANSFORM arg_TORCH_TESTS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  list(REMOVE_ITEM sources ${tests} ${arg_EXCEPT} "")
  add_library(sonde_${folder} STATIC ${sources})
  target_include_directories(sonde_${folder} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(sonde_${folder} PUBLIC ${arg_LINKS} PRIVATE sonde_flags ${arg_PRIVATE_LINKS})
  sonde_compile_lightly(sonde_${folder} ${arg_LIGHT})
  if("sonde_torch" IN_LIST arg_LINKS)
    sonde_precompile(sonde_${folder} torch)
  else()
    sonde_precompile(sonde_${folder} standard)
  endif()
  set_property(GLOBAL APPEND PROPERTY SONDE_LIBRARIES sonde_${folder})
  foreach(link ${arg_LINKS} ${arg_PRIVATE_LINKS})
    string(REGEX REPLACE "^sonde_" "" name ${link})
    if(NOT name IN_LIST SONDE_FOLDERS)
      set_property(GLOBAL APPEND PROPERTY SONDE_DEPENDENCIES ${link})
    endif()
  endforeach()
  if(SONDE_TESTS AND tests AND (NOT SONDE_TEST_FOLDERS OR folder IN_LIST SONDE_TEST_FOLDERS))
    set(links sonde_${folder} sonde_flags ${arg_PRIVATE_LINKS} ${arg_TEST_LINKS} sonde_test_data GTest::gmock
              GTest::gtest_main)
    list(REMOVE_ITEM tests ${arg_TORCH_TESTS} "")
    if(tests)
      sonde_test_program(${folder} ${folder}_test "${tests}" "${links}" "${arg_SLOW_TESTS}")
      if("sonde_torch" IN_LIST arg_LINKS)
        sonde_precompile(${folder}_test torch)
      else()
        sonde_precompile(${folder}_test tests)
      endif()
    endif()
    if(arg_TORCH_TESTS AND SONDE_TORCH)
      sonde_test_program(${folder} ${folder}_torch_test "${arg_TORCH_TESTS}" "${links};sonde_model" "${arg_SLOW_TESTS}")
      sonde_precompile(${folder}_torch_test torch)
    endif()
  endif()
endfunction()

function(sonde_test_program folder program sources links slow_tests)
  include(GoogleTest)
  add_executable(${program} ${sources})
  target_link_libraries(${program} PRIVATE ${links})
  add_dependencies(sonde_tests ${program})
  string(JOIN ":" slow ${slow_tests})
  sonde_discover_labelled(${folder} ${program} fast "-${slow}")
  if(slow AND NOT SONDE_SANITIZE)
    sonde_discover_labelled(${folder} ${program} slow "${slow}")
  endif()
endfunction()

# gtest_discover_tests loses all labels but the first, so they are set by a file that ctest reads after its own.
function(sonde_discover_labelled folder program label filter)
  set(list ${program}_${label}_list)
  set(prefix ${folder}/)
  if(SONDE_SANITIZE)
    set(prefix sanitized/${folder}/)
  endif()
  gtest_discover_tests(${program} TEST_PREFIX ${prefix} TEST_FILTER "${filter}" TEST_LIST ${list}
    DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600)
  set(labels_file ${CMAKE_CURRENT_BINARY_DIR}/${program}_${label}_labels.cmake)
  set(properties "LABELS \"${folder};${label}\"")
  if(SONDE_SANITIZE)  # a child's finding does not end its parent
    string(APPEND properties " FAIL_REGULAR_EXPRESSION \"(ERROR|WARNING): [A-Z][A-Za-z]*Sanitizer|runtime error: \"")
    string(APPEND properties " ENVIRONMENT \"${sanitizer_options}\"")
  endif()
  if(label STREQUAL "slow")
    string(APPEND properties " RUN_SERIAL TRUE COST 100")  # they use every core themselves, and start first
  endif()
  file(CONFIGURE OUTPUT ${labels_file} @ONLY
       CONTENT "if(@list@)\n  set_tests_properties(\${@list@} PROPERTIES @properties@)\nendif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${labels_file})
endfunction()

# -O3 for the target in every build.
function(sonde_compile_fast target)
  target_compile_options(${target} PRIVATE -O3)
  if(SONDE_SANITIZE)  # GCC 12 crashes where the precompiled headers were made at -Og
    set_target_properties(${target} PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)
  endif()
endfunction()

# -O1 for the target's SOURCES, or for all where they are "*".
function(sonde_compile_lightly target)
  if("*" IN_LIST ARGN)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  elseif(ARGN)
    set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-O1>)
  endif()
endfunction()

# A target that is nothing but headers, precompiled: others take them from it with REUSE_FROM.
function(sonde_precompiled_headers target)
  cmake_parse_arguments(arg "" "" "HEADERS;LINKS" ${ARGN})
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${target}.cc CONTENT "")
  add_library(${target} OBJECT ${PROJECT_BINARY_DIR}/${target}.cc)
  target_link_libraries(${target} PRIVATE sonde_flags ${arg_LINKS})
  target_precompile_headers(${target} PRIVATE ${arg_HEADERS})
endfunction()

# What most files include, precompiled once for all targets; a source includes what it uses all the same. `kind`:
# standard: half a second of a file, and half of what many take. tests: with GoogleTest. torch: those of model/torch.h.
function(sonde_precompile target kind)
  if(NOT TARGET sonde_${kind}_headers)
    set(headers <algorithm> <array> <cmath> <cstdint> <filesystem> <fstream> <functional> <iostream> <limits> <map> <memory>
                <optional> <set> <span> <sstream> <string> <string_view> <tuple> <utility> <variant> <vector>)
    if(kind STREQUAL "tests")
      sonde_precompiled_headers(sonde_tests_headers HEADERS ${headers} <gmock/gmock.h> <gtest/gtest.h> LINKS GTest::gmock)
    elseif(kind STREQUAL "torch")
      sonde_precompiled_headers(sonde_torch_headers
        HEADERS <ATen/Parallel.h> <c10/core/InferenceMode.h> <torch/cuda.h> <torch/nn/module.h> <torch/types.h>
                <torch/utils.h> <map> <optional> <string> <vector>
        LINKS sonde_torch)
    else()
      sonde_precompiled_headers(sonde_standard_headers HEADERS ${headers})
    endif()
  endif()
  target_precompile_headers(${target} REUSE_FROM sonde_${kind}_headers)
endfunction()

# A library that sonde loads when it needs it, libsonde-NAME.so: beside the programs, and installed for them to find.
# A third argument names other precompiled headers than the standard ones.
function(sonde_plugin target name)
  if(ARGC GREATER 2)
    sonde_precompile(${target} ${ARGV2})
  else()
    sonde_precompile(${target} standard)
  endif()
  set_target_properties(${target} PROPERTIES OUTPUT_NAME sonde-${name} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}
                                             INSTALL_RPATH_USE_LINK_PATH ON)
  if(NOT SONDE_SANITIZE)  # whose own symbols are the program's
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/sonde)
endfunction()

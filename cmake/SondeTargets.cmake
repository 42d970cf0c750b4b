# sonde_library(FOLDER LINKS ...): the library of one folder of src/sonde, and its tests.
# Sources are every *.cc of the folder; *_test.cc go to the folder's test program, labelled and prefixed with its name.

add_library(sonde_flags INTERFACE)
target_compile_options(sonde_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual>)
if(SONDE_DEVELOPER)
  target_compile_options(sonde_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
  target_compile_definitions(sonde_flags INTERFACE _GLIBCXX_ASSERTIONS)
endif()
if(SONDE_SANITIZE)
  target_compile_options(sonde_flags INTERFACE -fsanitize=${SONDE_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(sonde_flags INTERFACE -fsanitize=${SONDE_SANITIZE})
endif()
if(SONDE_CLANG_TIDY)
  set(CMAKE_CXX_CLANG_TIDY ${SONDE_CLANG_TIDY})
endif()

set_property(GLOBAL PROPERTY SONDE_LIBRARIES "")

function(sonde_library folder)
  cmake_parse_arguments(arg "" "" "LINKS;PRIVATE_LINKS;TEST_LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  list(REMOVE_ITEM sources ${tests} "")
  add_library(sonde_${folder} STATIC ${sources})
  target_include_directories(sonde_${folder} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(sonde_${folder} PUBLIC ${arg_LINKS} PRIVATE sonde_flags ${arg_PRIVATE_LINKS})
  set_property(GLOBAL APPEND PROPERTY SONDE_LIBRARIES sonde_${folder})
  if(SONDE_TESTS AND tests)
    add_executable(${folder}_test ${tests})
    target_link_libraries(${folder}_test PRIVATE sonde_${folder} sonde_flags ${arg_PRIVATE_LINKS} ${arg_TEST_LINKS}
                                                 GTest::gmock GTest::gtest_main)
    target_compile_definitions(${folder}_test PRIVATE SONDE_SOURCE_FOLDER="${PROJECT_SOURCE_DIR}")
    sonde_discover_tests(${folder})
  endif()
endfunction()

function(sonde_discover_tests folder)
  include(GoogleTest)
  gtest_discover_tests(${folder}_test TEST_PREFIX "${folder}/" DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${folder} TIMEOUT 600 SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
endfunction()

# LibTorch's headers take half a minute to parse: once, for the libraries that use them.
function(sonde_precompile_torch folder)
  target_compile_definitions(sonde_${folder} PRIVATE SONDE_SOURCE_FOLDER="${PROJECT_SOURCE_DIR}")  # as its tests, for REUSE_FROM
  target_precompile_headers(sonde_${folder} PRIVATE <torch/torch.h> <vector> <string> <map> <optional>)
  if(TARGET ${folder}_test)
    target_precompile_headers(${folder}_test REUSE_FROM sonde_${folder})
  endif()
endfunction()

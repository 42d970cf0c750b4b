# Every find_package of the project.

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(TIFF 4.5 REQUIRED)  # error handlers of each file
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(nlohmann_json REQUIRED)
find_package(CURL REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Protobuf REQUIRED)  # whose targets ONNX names
find_package(ONNX REQUIRED)
if(SONDE_TORCH)
  find_package(Torch REQUIRED)
endif()
find_package(Boost 1.74 REQUIRED)  # headers alone
find_package(SQLiteCpp REQUIRED)

# Debian keeps NIfTI's and OpenCV's CMake files in packages that pull in far more than the parts used here.
if(SONDE_TESTS)  # which compare the study's distances with OpenCV's
  find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
  foreach(part core imgproc)
    find_library(OPENCV_${part}_LIBRARY opencv_${part} REQUIRED)
    add_library(sonde_opencv_${part} INTERFACE IMPORTED)
    target_link_libraries(sonde_opencv_${part} INTERFACE ${OPENCV_${part}_LIBRARY})
    target_include_directories(sonde_opencv_${part} SYSTEM INTERFACE ${OPENCV_INCLUDE_DIR})
  endforeach()
endif()
find_path(NIFTI2_INCLUDE_DIR nifti2_io.h PATH_SUFFIXES nifti REQUIRED)
find_library(NIFTI2_LIBRARY nifti2 REQUIRED)
find_library(NIFTI_ZNZ_LIBRARY znz REQUIRED)
add_library(sonde_nifti2 INTERFACE IMPORTED)
target_link_libraries(sonde_nifti2 INTERFACE ${NIFTI2_LIBRARY} ${NIFTI_ZNZ_LIBRARY})
target_include_directories(sonde_nifti2 SYSTEM INTERFACE ${NIFTI2_INCLUDE_DIR})
# Debian's utf8proc has no CMake files.
find_path(UTF8PROC_INCLUDE_DIR utf8proc.h REQUIRED)
find_library(UTF8PROC_LIBRARY utf8proc REQUIRED)
add_library(sonde_utf8proc INTERFACE IMPORTED)
target_link_libraries(sonde_utf8proc INTERFACE ${UTF8PROC_LIBRARY})
target_include_directories(sonde_utf8proc SYSTEM INTERFACE ${UTF8PROC_INCLUDE_DIR})
# GDCM's ask for its command line tools.
find_path(GDCM_INCLUDE_DIR gdcmReader.h PATH_SUFFIXES gdcm-3.0 REQUIRED)
add_library(sonde_gdcm INTERFACE IMPORTED)
target_include_directories(sonde_gdcm SYSTEM INTERFACE ${GDCM_INCLUDE_DIR})
foreach(part MSFF DSED DICT Common)
  find_library(GDCM_${part}_LIBRARY gdcm${part} REQUIRED)
  target_link_libraries(sonde_gdcm INTERFACE ${GDCM_${part}_LIBRARY})
endforeach()
# DCMTK's ask for all of its libraries and what these link.
find_path(DCMTK_INCLUDE_DIR dcmtk/dcmseg/segdoc.h REQUIRED)
add_library(sonde_dcmtk INTERFACE IMPORTED)
target_include_directories(sonde_dcmtk SYSTEM INTERFACE ${DCMTK_INCLUDE_DIR})
foreach(part dcmseg dcmfg dcmiod dcmdata oflog ofstd)
  find_library(DCMTK_${part}_LIBRARY ${part} REQUIRED)
  target_link_libraries(sonde_dcmtk INTERFACE ${DCMTK_${part}_LIBRARY})
endforeach()

# Debian's Highway has no CMake files.
find_path(HWY_INCLUDE_DIR hwy/highway.h REQUIRED)
find_library(HWY_LIBRARY hwy REQUIRED)
add_library(sonde_hwy INTERFACE IMPORTED)
target_link_libraries(sonde_hwy INTERFACE ${HWY_LIBRARY})
target_include_directories(sonde_hwy SYSTEM INTERFACE ${HWY_INCLUDE_DIR})

if(SONDE_TESTS)
  find_package(GTest REQUIRED)
endif()

add_library(sonde_onnx INTERFACE)
target_link_libraries(sonde_onnx INTERFACE onnx_proto)
if(SONDE_TORCH)
  add_library(sonde_torch INTERFACE)
  target_link_libraries(sonde_torch INTERFACE ${TORCH_LIBRARIES})
  target_include_directories(sonde_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
endif()

# What bundles the pages; DEPENDS on SONDE_WEB_FILES: their packages and how these are bundled.
find_program(NODE node REQUIRED)
set(SONDE_WEB ${PROJECT_SOURCE_DIR}/web)
set(SONDE_VITE ${NODE} ${SONDE_WEB}/node_modules/vite/bin/vite.js)
set(SONDE_WEB_FILES ${SONDE_WEB}/licences.ts ${SONDE_WEB}/package-lock.json)
if(NOT EXISTS ${SONDE_WEB}/node_modules/vite/bin/vite.js)
  message(FATAL_ERROR "web/node_modules is not there: run scripts/setup")
endif()

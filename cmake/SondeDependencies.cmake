# Every find_package of the project.

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
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
find_package(GDCM REQUIRED)
find_package(ITK REQUIRED COMPONENTS ITKIONRRD ITKIOMeta)

# Debian keeps OpenCV's and NIfTI's CMake files in packages that pull in far more than the parts used here.
find_path(OPENCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(part core imgproc imgcodecs)
  find_library(OPENCV_${part}_LIBRARY opencv_${part} REQUIRED)
  add_library(sonde_opencv_${part} INTERFACE IMPORTED)
  target_link_libraries(sonde_opencv_${part} INTERFACE ${OPENCV_${part}_LIBRARY})
  target_include_directories(sonde_opencv_${part} SYSTEM INTERFACE ${OPENCV_INCLUDE_DIR})
endforeach()
find_path(NIFTI2_INCLUDE_DIR nifti2_io.h PATH_SUFFIXES nifti REQUIRED)
find_library(NIFTI2_LIBRARY nifti2 REQUIRED)
find_library(NIFTI_ZNZ_LIBRARY znz REQUIRED)
add_library(sonde_nifti2 INTERFACE IMPORTED)
target_link_libraries(sonde_nifti2 INTERFACE ${NIFTI2_LIBRARY} ${NIFTI_ZNZ_LIBRARY})
target_include_directories(sonde_nifti2 SYSTEM INTERFACE ${NIFTI2_INCLUDE_DIR})
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

# ITK and GDCM come as lists of libraries and folders; as targets their headers are system headers and stay private.
add_library(sonde_itk INTERFACE)
target_link_libraries(sonde_itk INTERFACE ${ITK_LIBRARIES})
target_include_directories(sonde_itk SYSTEM INTERFACE ${ITK_INCLUDE_DIRS})
add_library(sonde_gdcm INTERFACE)
target_link_libraries(sonde_gdcm INTERFACE gdcmMSFF gdcmDSED gdcmDICT gdcmCommon)
target_include_directories(sonde_gdcm SYSTEM INTERFACE ${GDCM_INCLUDE_DIRS})

add_library(sonde_onnx INTERFACE)
target_link_libraries(sonde_onnx INTERFACE onnx_proto)
if(SONDE_TORCH)
  add_library(sonde_torch INTERFACE)
  target_link_libraries(sonde_torch INTERFACE ${TORCH_LIBRARIES})
  target_include_directories(sonde_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
endif()

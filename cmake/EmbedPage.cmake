# cmake -D PAGE=FOLDER -D SOURCE=FILE.cc -P EmbedPage.cmake: writes a source that carries every file of the folder as an
# asset (src/sonde/server/assets.h), compressed where that helps.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/SondeEmbed.cmake)

set(type_html "text/html; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_txt "text/plain; charset=utf-8")
set(type_json application/json)
set(type_svg image/svg+xml)
set(type_png image/png)
set(type_ico image/x-icon)
set(type_wasm application/wasm)
set(type_woff2 font/woff2)
set(compressed html js css json svg ico wasm txt)

file(GLOB_RECURSE names RELATIVE ${PAGE} ${PAGE}/*)
if(NOT "index.html" IN_LIST names)
  message(FATAL_ERROR "${PAGE} holds no index.html")
endif()
list(SORT names)
set(packed ${SOURCE}.files)
file(REMOVE_RECURSE ${packed})
file(MAKE_DIRECTORY ${packed})
set(declarations "")
set(definitions "")
set(entries "")
set(count 0)
foreach(name ${names})
  cmake_path(GET name EXTENSION LAST_ONLY extension)
  string(SUBSTRING "${extension}" 1 -1 extension)
  if(NOT DEFINED type_${extension})
    message(FATAL_ERROR "${PAGE}/${name}: what type this is must be said in EmbedPage.cmake")
  endif()
  set(type "${type_${extension}}")
  set(file ${PAGE}/${name})
  set(encoding identity)
  if(extension IN_LIST compressed)
    set(file ${packed}/${count}.gz)
    set(encoding gzip)
    execute_process(COMMAND gzip -9 --no-name --stdout ${PAGE}/${name} OUTPUT_FILE ${file} COMMAND_ERROR_IS_FATAL ANY)
  endif()
  sonde_embedding(definition asset_${count} ${file})
  string(APPEND definitions "${definition}")
  string(APPEND declarations "std::string_view asset_${count}();\n")
  string(APPEND entries "      {\"/${name}\", \"${type}\", Asset::Encoding::${encoding}, asset_${count}()},\n")
  math(EXPR count "${count} + 1")
endforeach()

file(WRITE ${SOURCE} "// Made by cmake/EmbedPage.cmake.
#include \"sonde/server/assets.h\"

#include <array>
#include <cstddef>

namespace sonde {
${declarations}}  // namespace sonde
${definitions}
std::span<const sonde::Asset> sonde::assets() {
  static const std::array<Asset, ${count}> all{{
${entries}  }};
  return all;
}
")

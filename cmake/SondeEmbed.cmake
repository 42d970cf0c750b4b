# Files as bytes of the program. The assembler reads them: a compiler takes minutes for megabytes of literals.

# Sets `result` to the C++ that defines std::string_view NAME() in namespace sonde: the files one after another, with a
# line break between them.
function(sonde_embedding result name)
  set(symbol sonde_embedded_${name})
  list(TRANSFORM ARGN REPLACE "(.+)" "    \".incbin \\\\\"\\1\\\\\"\\\\n\"\n" OUTPUT_VARIABLE parts)
  string(JOIN "    \".byte 10\\n\"\n" parts ${parts})
  set(${result} "
asm(\".pushsection .rodata\\n${symbol}:\\n\"
${parts}    \"${symbol}_end:\\n.popsection\\n\");
extern \"C\" const char ${symbol}[], ${symbol}_end[];
std::string_view sonde::${name}() { return {${symbol}, static_cast<std::size_t>(${symbol}_end - ${symbol})}; }
" PARENT_SCOPE)
endfunction()

# sonde_embed(TARGET HEADER NAME FILE... NAME FILE...): gives the target what the header declares, std::string_view NAME()
# for each name: the files behind it, whose paths are absolute.
function(sonde_embed target header)
  set(text "// Made by cmake/SondeEmbed.cmake.\n#include \"${header}\"\n\n#include <cstddef>\n")
  set(files "")
  set(all_files "")
  list(REVERSE ARGN)
  foreach(argument ${ARGN})
    if(IS_ABSOLUTE ${argument})
      list(PREPEND files ${argument})
    else()
      sonde_embedding(definition ${argument} ${files})
      string(APPEND text "${definition}")
      list(APPEND all_files ${files})
      set(files "")
    endif()
  endforeach()
  cmake_path(GET header STEM stem)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${stem}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "${text}" @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${all_files}" SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${source})
endfunction()

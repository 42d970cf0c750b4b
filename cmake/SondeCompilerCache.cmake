# Objects come from ccache where it is installed, those that another build or another clone of the same sources has made
# too: paths below the project are hashed as relative ones. It passes by what uses a precompiled header unless it may trust
# the macros that it was made with, and what .incbin names it cannot see: such a source it leaves to the compiler, always.
find_program(SONDE_CCACHE ccache)
foreach(language C CXX)
  set(launcher ${CMAKE_${language}_COMPILER_LAUNCHER})
  if(SONDE_CCACHE AND (NOT launcher OR launcher MATCHES "(^|/)ccache$"))
    set(CMAKE_${language}_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
                                            CCACHE_SLOPPINESS=pch_defines,time_macros ${SONDE_CCACHE})
  endif()
endforeach()

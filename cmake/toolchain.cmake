# Compiler, linker and cache settings shared by every target.

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers and ccache agree only with these relaxations.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(
  -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Werror -fno-plt -ffunction-sections -fdata-sections -fstack-protector-strong
)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 on inlined library code at -O2.
  add_compile_options(-fpch-preprocess -Wshadow=local -Wno-missing-field-initializers -Wno-maybe-uninitialized
                      -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-restrict -Wno-dangling-pointer)
else()
  # Deprecations: libstdc++ 12's own use of get_temporary_buffer in std::stable_sort.
  add_compile_options(-Wno-missing-field-initializers -Wno-missing-designated-field-initializers
                      -Wno-deprecated-declarations)
endif()
add_link_options(-Wl,--gc-sections -Wl,-z,relro,-z,now)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_definitions(_FORTIFY_SOURCE=2)
  # Both cost less than can be measured (`./dev bench log nop`).
  add_compile_options(-fstack-clash-protection)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    add_compile_options(-fcf-protection)
  elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
    add_compile_options(-mbranch-protection=standard)
  endif()
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
endif()
if(RANKWIRE_PLANTED_BUGS)
  add_compile_definitions(RANKWIRE_PLANTED_BUGS)
endif()
if(RANKWIRE_SANITIZE)
  add_compile_options(-fsanitize=${RANKWIRE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RANKWIRE_SANITIZE})
endif()
if(RANKWIRE_FUZZ_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
elseif(RANKWIRE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

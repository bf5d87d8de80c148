# A room is a folder under src/: sources become one static library, *_test.cpp one test program,
# *_fuzz.cpp one fuzz target each, *_bench.cpp one benchmark each. Nothing is listed by hand.

set(precompiled_headers <algorithm> <array> <atomic> <chrono> <cstdint> <cstring> <functional> <map> <memory>
    <mutex> <optional> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>
    <tl/expected.hpp>)

add_library(doctest_main OBJECT ${CMAKE_SOURCE_DIR}/src/testing/doctest_main.cc)

# _precompile(kind target headers...): the first target of a kind compiles them, the others of the kind use what it made: one
# for each takes longer than the sources of a small component.
function(_precompile kind target)
  get_property(first GLOBAL PROPERTY rankwire_precompiled_${kind})
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    target_precompile_headers(${target} PRIVATE ${precompiled_headers} ${ARGN})
    set_property(GLOBAL PROPERTY rankwire_precompiled_${kind} ${target})
  endif()
endfunction()

# _room(target folder libraries uses...)
function(_room target folder)
  cmake_parse_arguments(ARG "" "" "USES;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${folder}/*.cpp)
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cpp$|/main\\.cpp$")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(fuzzers ${all})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cpp$")
  set(benches ${all})
  list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")

  if(sources)
    add_library(${target} STATIC ${sources})
    _precompile(room ${target})
    set(visibility PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_include_directories(${target} ${visibility} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${target} ${visibility} ${ARG_USES} ${ARG_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY rankwire_rooms ${target})

  if(tests AND NOT RANKWIRE_FUZZ)
    add_executable(${target}_test ${tests} $<TARGET_OBJECTS:doctest_main>)
    _precompile(test ${target}_test <doctest/doctest.h>)
    if(RANKWIRE_SANITIZE)
      target_compile_options(${target}_test PRIVATE -O0)  # Compiles in 60 % of the time; what is tested stays at -O1.
    endif()
    target_link_libraries(${target}_test PRIVATE ${target} room_testing_support)
    add_test(NAME ${target} COMMAND ${target}_test)
    set_tests_properties(${target} PROPERTIES LABELS unit TIMEOUT 300)
  endif()
  if(RANKWIRE_FUZZ)
    foreach(source ${fuzzers})
      get_filename_component(name ${source} NAME_WE)
      add_executable(${name} ${source})
      target_link_libraries(${name} PRIVATE ${target})
      target_link_options(${name} PRIVATE -fsanitize=fuzzer)
      set_property(GLOBAL APPEND PROPERTY rankwire_fuzzers ${name})
    endforeach()
  endif()
  if(RANKWIRE_BENCH AND benches AND NOT RANKWIRE_SANITIZE AND NOT RANKWIRE_FUZZ)
    find_library(BENCHMARK_LIBRARY NAMES libbenchmark.a benchmark)
    if(BENCHMARK_LIBRARY)
      foreach(source ${benches})
        get_filename_component(name ${source} NAME_WE)
        add_executable(${name} EXCLUDE_FROM_ALL ${source})
        target_link_libraries(${name} PRIVATE ${target} ${BENCHMARK_LIBRARY} Threads::Threads)
      endforeach()
    endif()
  endif()
endfunction()

# Test support that rooms below `testing` may also use: doctest's main needs nothing of ours.
add_library(room_testing_support INTERFACE)

function(room name)
  cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
  list(TRANSFORM ARG_USES PREPEND room_)
  _room(room_${name} ${CMAKE_SOURCE_DIR}/src/${name} USES ${ARG_USES} LIBRARIES ${LIBRARIES_${name}})
endfunction()

# One room per component folder. Components use the contracts and what lies below, never each other.
function(component_rooms)
  set(components)
  foreach(category ${ARGN})
    file(GLOB folders CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${category}/*)
    foreach(folder ${folders})
      if(IS_DIRECTORY ${folder})
        get_filename_component(name ${folder} NAME)
        _room(${category}_${name} ${folder}
              USES room_queue room_component room_kubernetes room_ottl room_exposition room_series room_otlp room_net room_config room_text room_signal room_base
              LIBRARIES ${LIBRARIES_${category}})
        list(APPEND components ${category}_${name})
      endif()
    endforeach()
  endforeach()
  set(rankwire_components ${components} PARENT_SCOPE)
endfunction()

function(rankwire_binary)
  if(NOT EXISTS ${CMAKE_SOURCE_DIR}/src/app/main.cpp OR RANKWIRE_FUZZ)
    return()
  endif()
  target_link_libraries(room_app PUBLIC ${rankwire_components})
  add_executable(rankwire ${CMAKE_SOURCE_DIR}/src/app/main.cpp)
  target_link_libraries(rankwire PRIVATE room_app)
  if(NOT RANKWIRE_SANITIZE)
    target_link_options(rankwire PRIVATE -static-libstdc++ -static-libgcc)
    # Position independent, and yet half a megabyte of relocations becomes ten kilobytes; start-up code lies apart
    # from the rest. An idle agent need not hold either. mold 1.10 packs without the mark that glibc asks for.
    find_program(LLD NAMES ld.lld PATHS /usr/lib/llvm-19/bin NO_DEFAULT_PATH)
    if(LLD)
      # What runs until an agent idles lies together (tools/startup_order.py): docs/decisions/0004-resident-pages.md.
      set(startup_order ${CMAKE_SOURCE_DIR}/cmake/startup_order.txt)
      set_target_properties(rankwire PROPERTIES LINK_DEPENDS ${startup_order})
      get_filename_component(linker_folder ${LLD} DIRECTORY)
      target_link_options(rankwire PRIVATE -pie -B${linker_folder} -fuse-ld=lld
                          -Wl,-z,pack-relative-relocs,-z,keep-text-section-prefix,--icf=safe,-O2
                          -Wl,--symbol-ordering-file=${startup_order},--no-warn-symbol-ordering)
    endif()
  endif()
  set_target_properties(rankwire PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endfunction()

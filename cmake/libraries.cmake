# Third-party libraries. Static where Debian has an archive: fewer shared libraries means fewer
# resident pages in an idle agent.

find_package(Threads REQUIRED)

# static_library(target archive shared...): an imported target for lib<archive>.a, else the shared one.
function(third_party target name)
  find_library(LIB_${target} NAMES lib${name}.a ${name} REQUIRED)
  add_library(third_party::${target} UNKNOWN IMPORTED)
  set_target_properties(third_party::${target} PROPERTIES IMPORTED_LOCATION ${LIB_${target}})
endfunction()

third_party(re2 re2)
third_party(simdjson simdjson)
third_party(yaml_cpp yaml-cpp)
third_party(nghttp2 nghttp2)
if(RANKWIRE_SHARED_OPENSSL)
  find_library(LIB_shared_ssl ssl REQUIRED)
  find_library(LIB_shared_crypto crypto REQUIRED)
  set(LIB_ssl ${LIB_shared_ssl})
  set(LIB_crypto ${LIB_shared_crypto})
endif()
third_party(ssl ssl)
third_party(crypto crypto)
third_party(http_parser http_parser)
third_party(deflate deflate)
third_party(zstd zstd)
third_party(snappy snappy)
third_party(lz4 lz4)
third_party(xxhash xxhash)
third_party(z z)
third_party(pugixml pugixml)

target_link_libraries(third_party::ssl INTERFACE third_party::crypto)
target_link_libraries(third_party::crypto INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
target_link_libraries(third_party::re2 INTERFACE Threads::Threads)
target_compile_definitions(third_party::yaml_cpp INTERFACE YAML_CPP_STATIC_DEFINE)

# What each room may link. A library appears in exactly the rooms whose job needs it.
set(LIBRARIES_base Threads::Threads third_party::xxhash)
set(LIBRARIES_text third_party::re2 third_party::simdjson)
set(LIBRARIES_signal third_party::xxhash)
set(LIBRARIES_config third_party::yaml_cpp)
set(LIBRARIES_net third_party::nghttp2 third_party::http_parser third_party::ssl third_party::deflate
    third_party::zstd third_party::snappy third_party::lz4 third_party::z)
set(LIBRARIES_otlp third_party::simdjson)
set(LIBRARIES_ottl third_party::crypto third_party::xxhash third_party::pugixml)
set(LIBRARIES_component third_party::re2 third_party::crypto)
set(LIBRARIES_receivers third_party::re2 third_party::z)
set(LIBRARIES_processors third_party::crypto)
set(LIBRARIES_exporters third_party::zstd)

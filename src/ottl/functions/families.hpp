// The functions of the language, one file a family.
#pragma once

#include "ottl/program/function.hpp"

namespace rankwire::ottl {

void add_basic_editors(FunctionTable& table);
void add_case_functions(FunctionTable& table);
void add_conversions(FunctionTable& table);
void add_flatten(FunctionTable& table);
void add_list_functions(FunctionTable& table);
void add_map_functions(FunctionTable& table);
void add_regex_functions(FunctionTable& table);
void add_replace_functions(FunctionTable& table);
void add_encoding_functions(FunctionTable& table);
void add_grok_function(FunctionTable& table);
void add_hash_functions(FunctionTable& table);
void add_id_functions(FunctionTable& table);
void add_network_functions(FunctionTable& table);
void add_parsing_functions(FunctionTable& table);
void add_format_function(FunctionTable& table);
void add_severity_function(FunctionTable& table);
void add_text_functions(FunctionTable& table);
void add_time_functions(FunctionTable& table);
void add_user_agent_function(FunctionTable& table);
void add_xml_functions(FunctionTable& table);

}  // namespace rankwire::ottl

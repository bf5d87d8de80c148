#include "ottl/functions/families.hpp"

namespace rankwire::ottl {

const FunctionTable& standard_functions() {
  static const FunctionTable table = [] {
    FunctionTable all;
    add_basic_editors(all);
    add_case_functions(all);
    add_conversions(all);
    add_flatten(all);
    add_list_functions(all);
    add_map_functions(all);
    add_regex_functions(all);
    add_replace_functions(all);
    add_encoding_functions(all);
    add_grok_function(all);
    add_hash_functions(all);
    add_id_functions(all);
    add_network_functions(all);
    add_parsing_functions(all);
    add_format_function(all);
    add_severity_function(all);
    add_text_functions(all);
    add_time_functions(all);
    add_user_agent_function(all);
    add_xml_functions(all);
    return all;
  }();
  return table;
}

}  // namespace rankwire::ottl

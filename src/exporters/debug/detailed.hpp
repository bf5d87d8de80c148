// What the detailed forms of all signals have in common.
#pragma once

#include "exporters/debug/text.hpp"

namespace rankwire::debug {

inline constexpr std::string_view indent = "     ";
inline constexpr std::string_view deep_indent = "          ";

// "heading" and the attributes below it, or nothing if there are none.
inline void write_attributes(std::string_view heading, const Attributes& attributes, Text& to) {
  if (attributes.empty()) return;
  to << heading << "\n";
  to.lines(indent, attributes);
}

// Headings of groups; `record(number, record)` for each record. `names` is "ResourceLogs", "ScopeLogs".
template <class Record, class Write>
void write_detailed_groups(const RecordBatch<Record>& batch, std::string_view resource_name,
                           std::string_view scope_name, Text& to, Write record) {
  for (std::uint32_t r = 0; r < batch.resources.size(); ++r) {
    const ResourceGroup<Record>& resource = batch.resources[r];
    (to << resource_name << " #").number(r) << "\nResource SchemaURL: ";
    to.data(resource.schema_url) << "\n";
    write_attributes("Resource attributes:", resource.resource.attributes, to);
    for (std::uint32_t s = 0; s < resource.scopes.size(); ++s) {
      const ScopeGroup<Record>& scope = resource.scopes[s];
      (to << scope_name << " #").number(s) << "\n" << scope_name << " SchemaURL: ";
      (to.data(scope.schema_url) << "\nInstrumentationScope ").data(scope.scope.name) << " ";
      to.data(scope.scope.version) << "\n";
      write_attributes("InstrumentationScope attributes:", scope.scope.attributes, to);
      for (std::uint32_t i = 0; i < scope.records.size(); ++i) record(i, scope.records[i]);
    }
  }
}

}  // namespace rankwire::debug

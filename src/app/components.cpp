// One line for each component, in alphabetical order of its kind.
#include "app/components.hpp"

#include "processors/attributes/attributes_processor.hpp"
#include "processors/filter/filter_processor.hpp"
#include "processors/redaction/redaction_processor.hpp"
#include "processors/resource/resource_processor.hpp"

namespace rankwire::app {

Registry built_in_components() {
  Registry registry;
  registry.add(attributes::attributes_factory());
  registry.add(filter::filter_factory());
  registry.add(redaction::redaction_factory());
  registry.add(resource::resource_factory());
  return registry;
}

}  // namespace rankwire::app

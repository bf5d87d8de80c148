// Keeps other components' files on this machine: queues of exporters, positions of receivers.
#pragma once

#include "component/factory.hpp"

namespace rankwire::file_storage {

ExtensionFactory file_storage_factory();

// The directory name of a component. The last underscore always separates type and name.
std::string directory_name(ComponentKind kind, const config::ComponentId& owner);

}  // namespace rankwire::file_storage

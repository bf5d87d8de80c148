// Names and passwords (RFC 7617): of requests that come in, or for requests that go out.
#pragma once

#include "component/factory.hpp"

namespace rankwire::basic_auth {

ExtensionFactory basic_auth_factory();

}  // namespace rankwire::basic_auth

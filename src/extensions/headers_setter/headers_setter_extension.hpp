// Headers of requests that go out: fixed ones, and what the sender of a batch said.
#pragma once

#include "component/factory.hpp"

namespace rankwire::headers_setter {

ExtensionFactory headers_setter_factory();

}  // namespace rankwire::headers_setter

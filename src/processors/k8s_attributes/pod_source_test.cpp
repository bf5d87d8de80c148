#include "processors/k8s_attributes/pod_source.hpp"

#include <doctest/doctest.h>

namespace {

using namespace rankwire::k8s_attributes;

TEST_CASE("a filter becomes selectors that the API server understands") {
  FilterConfig filter;
  CHECK(selectors_of(filter, "").empty());
  filter.fields_ = {{"status.phase", "Running", FilterOperation::not_equals}};
  filter.labels = {{"app", "web", FilterOperation::equals},
                   {"team", "", FilterOperation::exists},
                   {"test", "", FilterOperation::does_not_exist}};
  CHECK(selectors_of(filter, "node-4") ==
        "fieldSelector=spec.nodeName%3Dnode-4%2Cstatus.phase%21%3DRunning&labelSelector=app%3Dweb%2Cteam%2C%21test");
}

}  // namespace

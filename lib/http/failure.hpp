// Inside lib/http only: making errors.
#pragma once

#include "http/client.hpp"

#include <string>

namespace snapshotter::http {

// What the error says was being done follows from the step, whether to retry as well.
[[nodiscard]] HttpError failure(HttpError::Step step, std::string origin, std::string why,
                                std::string advice = {}, int error_number = 0);

// A connection that could not be made, or broke, with advice that fits the number.
[[nodiscard]] HttpError system_failure(HttpError::Step step, std::string origin, int error_number);

}  // namespace snapshotter::http

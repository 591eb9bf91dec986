// Templates: text with places that are filled from an event's document. Pure.
//
//   {{run.state}}        the value as text, made fit for the text around it (Escaping). A list or
//                        an object as JSON. An absent or null one: nothing.
//   {{{run.results}}}    the value as JSON: strings with their quotes; an absent one: null.
//
// A path names keys of event.schema.json, and elements of lists by their number from 0:
// run.results.0.target. Blanks inside the braces do not count. There are no conditions, no loops
// and no way to write "{{" itself (in JSON "\u007b{" is the same). Braces elsewhere are text, so
// that {"a": {"b": {{{run}}}}} means what it should.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::notify {

enum class Escaping {
  json,   // {{…}} stands inside a JSON string
  form,   // application/x-www-form-urlencoded: both forms are percent-encoded
  plain,  // control characters are left out
};

class Template {
 public:
  struct Problem {
    std::size_t number = 0;  // of the place, from 1
    std::string place;       // "{{run.stat}}"
    std::string why;         // what an event does not have, without quoting `place`
  };

  // What is wrong is added to `problems`, and is left out of the template.
  Template(std::string_view text, Escaping escaping, std::vector<Problem>& problems);

  // `document` is an Event's. One that is no JSON object has no values.
  [[nodiscard]] std::string render(std::string_view document) const;

 private:
  struct Piece {
    std::string text;               // stands before the place
    std::vector<std::string> path;  // empty: the text is the template's end
    bool raw = false;
  };
  std::vector<Piece> pieces_;
  Escaping escaping_;
};

}  // namespace snapshotter::notify

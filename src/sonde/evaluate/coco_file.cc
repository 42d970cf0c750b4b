// SPDX-License-Identifier: Apache-2.0
#include "sonde/evaluate/coco_file.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "sonde/core/error.h"
#include "sonde/core/json_text.h"
#include "sonde/core/text.h"
#include "sonde/imaging/polygon.h"
#include "sonde/io/json_file.h"
#include "sonde/io/picture/header.h"
#include "sonde/io/volume/checks.h"

namespace sonde {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
constexpr std::size_t kMaxNameBytes = 1000;
constexpr double kMaxCoordinate = 1e7;  // far outside any picture
constexpr double kMaxExact = 1e15;      // of whole numbers that are written as 3.0

[[noreturn]] void refuse(const std::string& fault) { throw Error(ErrorKind::corrupt_data, fault); }

const Json& member(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end()) refuse(std::string("has no \"") + key + "\"");
  return *found;
}

std::int64_t integer(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>() &&
      std::abs(value.get<double>()) < kMaxExact)
    return static_cast<std::int64_t>(value.get<double>());
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX)
                        : value.is_number_integer();
  if (!fits) refuse(std::string("its \"") + key + "\" is not a whole number");
  return value.get<std::int64_t>();
}

std::string line(const Json& object, const char* key) {
  const Json& value = member(object, key);
  std::string text = value.is_string() ? value.get<std::string>() : "";
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  if (text.empty() || text.size() > kMaxNameBytes || std::ranges::any_of(text, is_control))
    refuse(std::string("its \"") + key + "\" is not text of one line");
  return text;
}

// What an entry is known by: a whole number or a text. 1 and "1" differ, as 1 and 1.0 do not.
struct Id {
  bool is_text = false;
  std::string text;
  auto operator<=>(const Id&) const = default;
};
Id id_of(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_string() && !value.is_number())
    refuse(std::string("its \"") + key + "\" is neither a number nor a text");
  if (value.is_string()) return {true, line(object, key)};
  return {false, std::to_string(integer(object, key))};
}

const Json& list(const Json& json, const std::string& file, const char* key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  if (!json.is_object() || found == json.end() || !found->is_array())
    refuse_corrupt(file, std::string("is not a COCO instances file: it has no list \"") + key + "\"");
  return *found;
}

std::vector<Point2> parse_polygon(const Json& numbers) {
  if (!numbers.is_array() || numbers.size() < 6 || numbers.size() % 2 != 0)
    refuse("a polygon is not at least three pairs of numbers");
  std::vector<Point2> polygon;
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    if (!numbers[i].is_number() || !numbers[i + 1].is_number()) refuse("a polygon has something but numbers");
    const Point2 point{numbers[i].get<double>(), numbers[i + 1].get<double>()};
    if (!(std::abs(point.x) <= kMaxCoordinate && std::abs(point.y) <= kMaxCoordinate))
      refuse("a polygon reaches beyond any picture");
    polygon.push_back(point);
  }
  return polygon;
}

Rle parse_runs(const Json& segmentation, Extent2 extent) {
  const Json& size = member(segmentation, "size");
  if (size != Json::array({extent.height, extent.width}))
    refuse("the size of its run lengths is not that of the image");
  const Json& counts = member(segmentation, "counts");
  Rle rle{extent, {}};
  if (counts.is_string()) {
    rle = rle_from_coco_string(counts.get_ref<const std::string&>(), extent);
  } else if (counts.is_array()) {
    for (const Json& count : counts) {
      if (!count.is_number_unsigned() ||
          count.get<std::uint64_t>() > static_cast<std::uint64_t>(pixel_count(extent)))
        refuse("a run length is not a number of pixels");
      rle.counts.push_back(count.get<std::uint32_t>());
    }
  } else {
    refuse("its run lengths are neither a list nor text");
  }
  std::int64_t total = 0;
  for (const std::uint32_t count : rle.counts) total += count;
  if (total != pixel_count(extent)) refuse("its run lengths do not add up to the image");
  return rle;
}

CocoObject parse_object(const Json& annotation, std::int64_t category, Extent2 extent) {
  CocoObject object{id_of(annotation, "id").text, category, {}};
  const auto found = annotation.find("segmentation");
  const bool has_none =
      found == annotation.end() || found->is_null() || (found->is_array() && found->empty());
  if (has_none && annotation.contains("bbox")) refuse("has a \"bbox\" alone, which is not a mask");
  const Json& segmentation = member(annotation, "segmentation");
  if (segmentation.is_object()) {
    object.shape = parse_runs(segmentation, extent);
    return object;
  }
  if (!segmentation.is_array() || segmentation.empty())
    refuse("its segmentation is neither polygons nor run lengths");
  std::vector<std::vector<Point2>> polygons;
  for (const Json& polygon : segmentation) polygons.push_back(parse_polygon(polygon));
  object.shape = std::move(polygons);
  return object;
}

// "annotation 17", or its place in the list where it has no id.
std::string name_of_entry(const char* what, const Json& entry, std::size_t place) {
  if (entry.is_object() && entry.contains("id") && entry["id"].is_number())
    return std::string(what) + " " + json_text(entry["id"]);
  if (entry.is_object() && entry.contains("id") && entry["id"].is_string())
    return std::string(what) + " " + in_quotes(entry["id"].get_ref<const std::string&>());
  return std::string(what) + " number " + std::to_string(place + 1) + " of the list";
}

class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : name_(path.string()) {}

  CocoFile read(const Json& json) && {
    if (json.is_object() && json.contains("categories")) read_categories(list(json, name_, "categories"));
    const Json& images = list(json, name_, "images");
    const Json& annotations = list(json, name_, "annotations");
    for (std::size_t i = 0; i < images.size(); ++i) {
      guarded("image", images[i], i, FailureKind::unreadable_image, [&] { read_image(images[i]); });
    }
    for (std::size_t i = 0; i < annotations.size(); ++i) {
      guarded("annotation", annotations[i], i, FailureKind::unreadable_mask,
              [&] { read_annotation(annotations[i]); });
    }
    return std::move(file_);
  }

 private:
  template <typename Work>
  void guarded(const char* what, const Json& entry, std::size_t place, FailureKind kind, const Work& work) {
    image_.clear();
    try {
      work();
    } catch (const Error& error) {
      file_.failures.push_back({"", image_, std::nullopt, kind,
                                name_ + ": " + name_of_entry(what, entry, place) + ": " + error.what()});
    }
  }

  // Labels are numbers: text ids are numbered by their places from 1, and so are all where one is a text.
  void read_categories(const Json& categories) {
    std::vector<std::pair<Id, std::string>> listed;
    for (const Json& category : categories) {
      try {
        listed.emplace_back(id_of(category, "id"), line(category, "name"));
      } catch (const Error& error) {
        refuse_corrupt(name_, std::string("a category ") + error.what());
      }
    }
    const bool has_text =
        std::ranges::any_of(listed, [](const auto& category) { return category.first.is_text; });
    for (std::size_t i = 0; i < listed.size(); ++i) {
      const auto& [id, name] = listed[i];
      const std::int64_t label = has_text ? static_cast<std::int64_t>(i) + 1 : std::stoll(id.text);
      labels_[id] = label;
      file_.categories[label] = name;
    }
  }

  std::int64_t label_of(const Json& annotation) const {
    const Id id = id_of(annotation, "category_id");
    const auto found = labels_.find(id);
    if (found != labels_.end()) return found->second;
    const bool are_numbered =
        std::ranges::any_of(labels_, [](const auto& known) { return known.first.is_text; });
    if (id.is_text || are_numbered)
      refuse("its category_id " + in_quotes(id.text) + " is not in \"categories\"");
    return std::stoll(id.text);
  }

  void read_image(const Json& entry) {
    image_ = line(entry, "file_name");
    const Id id = id_of(entry, "id");
    if (!places_.emplace(id, kFailed).second) refuse("another image has the same id");
    const std::int64_t width = integer(entry, "width");
    const std::int64_t height = integer(entry, "height");
    if (width < 1 || height < 1) refuse("its width or height is below 1");
    const Extent2 extent =
        checked_picture_extent(image_, static_cast<std::uint64_t>(width), static_cast<std::uint64_t>(height));
    if (!file_names_.insert(image_).second) refuse("its file is listed twice");
    places_[id] = file_.images.size();
    file_.images.push_back({image_, extent, {}});
  }

  void read_annotation(const Json& entry) {
    const auto place = places_.find(id_of(entry, "image_id"));
    if (place == places_.end()) refuse("no image has its image_id");
    if (place->second == kFailed) return;  // is a failure already
    CocoImage& image = file_.images[place->second];
    image_ = image.file_name;
    CocoObject object = parse_object(entry, label_of(entry), image.extent);
    if (!ids_.insert(object.id).second) refuse("another annotation has the same id");
    image.objects.push_back(std::move(object));
  }

  static constexpr auto kFailed = static_cast<std::size_t>(-1);

  std::string name_;
  std::string image_;  // that the entry at hand belongs to, as far as is known
  CocoFile file_;
  std::map<Id, std::size_t> places_;   // of images
  std::map<Id, std::int64_t> labels_;  // of categories
  std::set<std::string> file_names_, ids_;
};

bool is_within(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const auto [folder_end, path_end] = std::ranges::mismatch(folder, path);
  return folder_end == folder.end() && path_end != path.end();
}

}  // namespace

CocoFile read_coco_file(const std::filesystem::path& path) {
  return Reader(path).read(read_json_file(path, kMaxBytes));
}

Mask mask_of(const CocoObject& object, Extent2 extent) {
  if (const auto* rle = std::get_if<Rle>(&object.shape)) return decode_rle(*rle);
  return polygon_mask(std::get<0>(object.shape), extent);
}

std::filesystem::path coco_image_file(const std::filesystem::path& json, const std::string& file_name) {
  const auto folder = json.has_parent_path() ? json.parent_path() : std::filesystem::path(".");
  std::string with_slashes = file_name;  // of Windows, where the name itself is not there
  std::ranges::replace(with_slashes, '\\', '/');
  for (const std::filesystem::path relative : {file_name, with_slashes}) {
    if (relative.is_absolute() || std::ranges::find(relative, "..") != relative.end())
      refuse_corrupt(json.string(), "file_name " + in_quotes(file_name) + " leads out of its folder");
    for (const auto& candidate : {folder / relative, folder / "images" / relative}) {
      std::error_code failed;
      if (!std::filesystem::is_regular_file(candidate, failed)) continue;
      if (!is_within(std::filesystem::canonical(candidate), std::filesystem::canonical(folder)))
        refuse_corrupt(json.string(), "file_name " + in_quotes(file_name) + " is a link out of its folder");
      return candidate;
    }
  }
  throw Error(ErrorKind::not_found,
              json.string() + ": file_name " + in_quotes(file_name) + " is neither beside it nor in images/");
}

}  // namespace sonde

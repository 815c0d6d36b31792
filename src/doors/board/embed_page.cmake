# cmake -DFOLDER=page -DOUTPUT=assets.cpp -P embed_page.cmake
# Each file as string literals of at most 8 KiB: a longer one is not portable.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_json "application/json")
set(type_svg "image/svg+xml")
set(type_webmanifest "application/manifest+json")

file(GLOB files ${FOLDER}/*)
set(rows "")
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  get_filename_component(extension ${file} LAST_EXT)
  string(SUBSTRING ${extension} 1 -1 extension)
  set(path "/${name}")
  if(name STREQUAL "index.html")
    set(path "/")
  endif()
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${hex}")
  string(REGEX REPLACE "((\\\\x[0-9a-f][0-9a-f])(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?(\\\\x[0-9a-f][0-9a-f])?)" "\"\\1\"\n" literal "${bytes}")
  file(SIZE ${file} size)
  string(APPEND rows "    {\"${path}\", \"${type_${extension}}\",\n     std::string_view(${literal}, ${size})},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"assets.h\"

namespace maitred::board {
namespace {
constexpr Asset kFiles[] = {
${rows}};
}  // namespace

const std::span<const Asset> kAssets = kFiles;

}  // namespace maitred::board
")

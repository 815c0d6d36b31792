// The seed of the subkeys, and its change during a rotation of keys.
#include "maitred/base/check.h"
#include "src/shop/store/rows/audit_links.h"
#include "src/shop/store/rows/setting_rows.h"
#include "vault.h"

namespace maitred {
namespace {

constexpr std::string_view kRingKey = "key_ring";
constexpr std::string_view kFormerSeedKey = "former_seed";

}  // namespace

void Vault::take_ring(KeyRing ring) {
  ring_ = std::move(ring);
  rotation_ = TemplateRotation(SecretBytes::copy_of(ring_.rotation()));
}

Status Vault::load_ring() {
  MAITRED_ASSIGN(const auto bytes, read_setting(*this, kRingKey));
  if (!bytes) return {};
  auto ring = KeyRing::decode(*bytes);
  if (!ring) return corrupt("settings", kRingKey);
  take_ring(std::move(*ring));
  return {};
}

Status Vault::load_former() {
  MAITRED_ASSIGN(const auto bytes, read_setting(*this, kFormerSeedKey));
  if (!bytes) return {};
  MAITRED_ASSIGN(const auto state, read_setting_record<RotationState>(*this, kRotationKey));
  const auto link = state ? old_link_of(*state) : std::nullopt;
  if (bytes->size() != kKeyBytes || !link) {
    return corrupt("settings", kFormerSeedKey);
  }
  SecretBytes seed = SecretBytes::copy_of(*bytes);
  Subkeys subkeys(seed);
  KeyRing before = KeyRing::of_first(subkeys);
  former_.emplace(FormerSeed{std::move(seed), std::move(subkeys), std::move(before)});
  note_relinked(state->relinked, *link, state->chain_moved);
  digests_.use(former_->subkeys.of(Purpose::kDigest));
  return {};
}

Status Vault::turn_to_seed(SecretBytes seed) {
  MAITRED_CHECK(depth_ == 1 && !former_);
  KeyRing next = ring_.after(subkeys_);
  former_.emplace(FormerSeed{std::move(seed_), std::move(subkeys_), std::move(ring_)});
  seed_ = std::move(seed);
  subkeys_ = Subkeys(seed_);
  ring_ = std::move(next);
  // The digests change their key when the last row has changed its seal.
  digests_.use(former_->subkeys.of(Purpose::kDigest));
  MAITRED_TRY(put_setting(*this, kRingKey, ring_.bytes()));
  return put_setting(*this, kFormerSeedKey, former_->seed.span());
}

void Vault::take_back_seed() {
  seed_ = std::move(former_->seed);
  subkeys_ = std::move(former_->subkeys);
  ring_ = std::move(former_->ring_before);
  former_.reset();
  digests_.use(subkeys_.of(Purpose::kDigest));
}

void Vault::note_relinked(std::uint64_t row, const Digest& old_link, bool all) {
  former_->relinked = row;
  former_->link = old_link;
  former_->chain_moved = all;
}

Result<bool> Vault::sweep_digests(std::int64_t rows) {
  MAITRED_CHECK(former_.has_value());
  if (ledger_.next_digests.empty()) digests_.begin_sweep(subkeys_.of(Purpose::kDigest));
  return digests_.sweep(rows);
}

Status Vault::drop_former_seed() {
  MAITRED_CHECK(depth_ == 1 && former_ && digests_.swept());
  MAITRED_TRY(drop_setting(*this, kFormerSeedKey));
  ledger_.digests = ledger_.next_digests;
  return {};
}

void Vault::forget_former_seed() {
  digests_.use(subkeys_.of(Purpose::kDigest));
  digests_.end_sweep();
  former_.reset();
}

}  // namespace maitred

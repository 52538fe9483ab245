"""Fields of pretix' own resources that the portal does not need: a bundle may have them, and nobody is warned."""


def _keys(*lines: str) -> frozenset[str]:
    return frozenset(key for line in lines for key in line.split())


_SALES = "all_sales_channels limit_sales_channels sales_channels available_from available_from_mode available_until"

EVENT = _keys(
    "testmode is_public presale_start presale_end location geo_lat geo_lon meta_data plugins item_meta_properties",
    "valid_keys public_url all_sales_channels limit_sales_channels sales_channels comment last_modified",
)
SUBEVENT = _keys(
    "event is_public frontpage_text date_admission presale_start presale_end location geo_lat geo_lon comment",
    "item_price_overrides variation_price_overrides meta_data last_modified seating_plan",
)
ITEM = _keys(
    _SALES,
    "category internal_name description free_price free_price_suggestion tax_rate tax_rule personalized picture",
    "available_until_mode require_voucher hide_without_voucher allow_cancel require_bundling min_per_order",
    "max_per_order checkin_text has_variations addons bundles program_times original_price require_approval",
    "generate_tickets show_quota_left hidden_if_available hidden_if_item_available hidden_if_item_available_mode",
    "allow_waitinglist issue_giftcard meta_data require_membership require_membership_types",
    "require_membership_hidden grant_membership_type grant_membership_duration_like_event",
    "grant_membership_duration_days grant_membership_duration_months validity_mode validity_fixed_from",
    "validity_fixed_until validity_dynamic_duration_minutes validity_dynamic_duration_hours",
    "validity_dynamic_duration_days validity_dynamic_duration_months validity_dynamic_start_choice",
    "validity_dynamic_start_choice_day_limit media_policy media_type tax_code",
)
VARIATION = _keys(
    _SALES,
    "description price original_price free_price_suggestion require_approval require_membership",
    "require_membership_types require_membership_hidden checkin_text available_until_mode hide_without_voucher",
    "meta_data",
)
QUESTION = _keys(
    "show_during_checkin dependency_question dependency_values dependency_value hidden print_on_invoice help_text",
    "valid_number_min valid_number_max valid_date_min valid_date_max valid_datetime_min valid_datetime_max",
    "valid_string_length_max valid_string_length_min valid_file_portrait",
)
VOUCHER = _keys(
    "created min_usages show_hidden_items all_addons_included all_bundles_included budget budget_used",
    "exhibitor_comment",
)
CHECKIN_LIST = _keys(
    "checkin_count position_count allow_multiple_entries allow_entry_after_exit rules exit_all_at addon_match",
    "ignore_in_statistics consider_tickets_used auto_checkin_sales_channels gates",
)
ORDER = _keys(
    "event secret phone expires payment_date payment_provider fees total tax_rounding_mode comment",
    "custom_followup_at downloads checkin_text last_modified payments refunds require_approval sales_channel url",
    "customer valid_if_pending api_meta cancellation_date plugin_data require_approval api_meta",
)
INVOICE_ADDRESS = _keys(
    "last_modified is_business street zipcode city country state internal_reference vat_id vat_id_validated",
    "custom_field transmission_type transmission_type_info beneficiary",
)
POSITION = _keys("order print_logs downloads tax_code plugin_data tax_rule_id pdf_data secret_generated")
ANSWER = _keys("question_identifier")
CHECKIN = _keys("gate device device_id successful error_reason error_explanation position raw_barcode created")
CART = _keys(
    "tax_rate tax_value listed_price price_after_voucher custom_price_input custom_price_input_is_net",
    "company street zipcode city country state expires_in is_bundled sales_channel addons bundled custom_price",
)
SEAT = _keys("orderposition cartposition voucher name")
SEAT_REFERENCE = _keys("id name zone_name row_name row_label seat_label seat_number")
DEVICE = _keys(
    "device_id unique_serial initialization_token all_events limit_events revoked initialized initialization_date",
    "hardware_brand hardware_model os_name os_version software_brand software_version security_profile gate",
)
ORGANIZER = _keys("public_url plugins")

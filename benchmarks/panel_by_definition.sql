-- The same panel by its plain definition: each act is joined with every month end that knows it, and no figure is
-- carried from one month end to the next. Slow; it says what is right. Reads acts (as a view) and ends (k, day).
with months as (
    select k, day as last_day, coalesce(lag(day) over (order by k), -1) + 1 as first_day
    from ends
),
dated as (
    select acts.*, k as own_k
    from acts join months on day between first_day and last_day
),
known as (
    select dated.*, k, last_day, k - own_k as months_ago, last_day - due_day as late_days,
        until_day > last_day and open_after_minor > 0 as is_open
    from dated join months on k >= own_k
),
figures as (
    select customer_code, k, last_day,
        sum(open_minor)::bigint as open_minor,
        count(*) filter (is_open) as n_open,
        coalesce(sum(open_after_minor) filter (is_open and late_days <= 0), 0)::bigint
            as not_due_minor,
        coalesce(sum(open_after_minor) filter (is_open and late_days between 1 and 30), 0)::bigint
            as overdue_1_30_minor,
        coalesce(sum(open_after_minor) filter (is_open and late_days between 31 and 60), 0)::bigint
            as overdue_31_60_minor,
        coalesce(sum(open_after_minor) filter (is_open and late_days between 61 and 90), 0)::bigint
            as overdue_61_90_minor,
        coalesce(sum(open_after_minor) filter (is_open and late_days > 90), 0)::bigint
            as overdue_91_minor,
        max(greatest(late_days, 0)) filter (is_open) as overdue_max_days,
        coalesce(sum(n_sale) filter (months_ago < 12), 0)::bigint as n_sales_12m,
        coalesce(sum(sale_minor) filter (months_ago < 12), 0)::bigint as sale_12m_minor,
        sum(late_days_minor) filter (months_ago < 3)
            / nullif(sum(timed_minor) filter (months_ago < 3), 0) as days_late_mean_3m,
        sum(late_days_minor) filter (months_ago < 6)
            / nullif(sum(timed_minor) filter (months_ago < 6), 0) as days_late_mean_6m,
        sum(late_days_minor) filter (months_ago < 12)
            / nullif(sum(timed_minor) filter (months_ago < 12), 0) as days_late_mean_12m,
        sum(late_days_minor) filter (months_ago between 3 and 5)
            / nullif(sum(timed_minor) filter (months_ago between 3 and 5), 0) as days_late_before
    from known
    group by customer_code, k, last_day
),
shares as (
    select customer_code, k as share_k, (open_minor - not_due_minor) / open_minor as share
    from figures
    where open_minor > 0
),
slopes as (
    select customer_code, k,
        (5e0 * (max(share) filter (share_k = k) - max(share) filter (share_k = k - 5))
        + 3e0 * (max(share) filter (share_k = k - 1) - max(share) filter (share_k = k - 4))
        + (max(share) filter (share_k = k - 2) - max(share) filter (share_k = k - 3)))
            * (1e0 / 35e0) as overdue_slope_6m
    from figures join shares using (customer_code)
    where share_k between k - 5 and k
    group by all
),
sold as (
    select customer_code, own_k as sold_k, sum(sale_minor)::bigint as sold_minor
    from dated
    group by all
),
backwards as (
    select figures.customer_code, figures.k, coalesce(sold_minor, 0) as sold_minor,
        open_minor - coalesce(sum(sold_minor) over later, 0) as left_minor
    from figures
    join months on months.k between figures.k - 11 and figures.k
    left join sold on sold.customer_code = figures.customer_code and sold.sold_k = months.k
    window later as (
        partition by figures.customer_code, figures.k order by months.k desc
        rows between unbounded preceding and 1 preceding
    )
),
countback as (
    select customer_code, k, count(*) filter (left_minor > 0 and left_minor >= sold_minor)
        + coalesce(max(left_minor / sold_minor) filter (left_minor > 0 and left_minor < sold_minor), 0) as n_months
    from backwards
    group by all
)
select figures.customer_code, last_day as day, figures.* exclude (customer_code, k, last_day, days_late_before),
    days_late_mean_3m - days_late_before as days_late_trend_3m,
    overdue_slope_6m,
    case when sale_12m_minor > 0 then n_months * (365e0 / 12e0) end as dso_countback_days
from figures
left join slopes using (customer_code, k)
join countback using (customer_code, k)

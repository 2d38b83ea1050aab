"""Objectives (목표) with their key results (핵심 결과): one aggregate."""
